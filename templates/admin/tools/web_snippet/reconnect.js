// npm install @vapi-ai/web
import Vapi from "@vapi-ai/web";

const vapi = new Vapi(""); // no key: the call is already there

document.querySelector("#call").addEventListener("click", async () => {
  const answer = await fetch("/start-call", { method: "POST" });
  const webCall = await answer.json();
  if (!answer.ok) throw new Error(webCall.message);
  await vapi.reconnect(webCall);
});
