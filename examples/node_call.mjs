import { VapiClient } from "@vapi-ai/server-sdk";

const client = new VapiClient({ token: "sb_sk_…", baseUrl: "https://YOUR-HOST/api/v1" });
const call = await client.calls.create({
  phoneNumberId: "33333333-3333-4333-8333-333333333333",
  customer: { number: "+12025550100" },
});
console.log(call.id, call.assistantId ?? call.squadId);
