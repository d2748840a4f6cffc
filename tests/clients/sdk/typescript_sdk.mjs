// Places the calls that it is told to, a line of JSON each, with Vapi's SDK for TypeScript; answers a line each.
import { createInterface } from "node:readline";
import { VapiClient } from "@vapi-ai/server-sdk";

async function place({ token, url, timeout, call }) {
  const client = new VapiClient({ token, baseUrl: url });
  try {
    return { call: await client.calls.create(call, { timeoutInSeconds: timeout }) };
  } catch (error) {
    return { error: { name: error.constructor.name, status: error.statusCode ?? null, body: error.body ?? null } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await place(JSON.parse(line))));
}
