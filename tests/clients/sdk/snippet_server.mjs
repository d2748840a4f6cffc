// Runs the snippet for a page's server, for which `app` is Express, and serves an empty page: node snippet_server.mjs FILE
// Express is so little of it that it is stood in for here. It writes its address in one line.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const routes = {};
const app = { post: (path, handler) => { routes[path] = handler; } };
new Function("app", readFileSync(process.argv[2], "utf8"))(app);

const server = createServer(async (request, response) => {
  const handler = request.method === "POST" && routes[request.url];
  if (!handler) {
    response.setHeader("content-type", "text/html").end("<!doctype html><button id=call>Call us</button>");
    return;
  }
  const express = {
    status: (code) => { response.statusCode = code; return express; },
    json: (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value)),
  };
  await handler({ user: { plan: "gold" } }, express);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
