import Vapi from "@vapi-ai/web";

const vapi = new Vapi("sb_pk_…", "https://YOUR-HOST/api/v1");
const call = await vapi.start("auto");
console.log(call.id, call.assistantId ?? call.squadId);
