// Gives the tests Vapi's SDK for browsers, in a page.
import Vapi from "@vapi-ai/web";

window.startCall = async (token, url, ...what) => {
  const problems = [];
  const vapi = new Vapi(token, url);
  vapi.on("error", (problem) => problems.push(problem));
  const call = await vapi.start(...what);
  return { call, problems: JSON.parse(JSON.stringify(problems)) };
};
