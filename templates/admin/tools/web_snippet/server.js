// For example Express; `user` is who has logged in.
app.post("/start-call", async (request, response) => {
  const answer = await fetch("{{ address }}/call/web", {
    method: "POST",
    headers: {
      authorization: `Bearer ${process.env.SWITCHBOARD_KEY}`, // sb_sk_…
      "content-type": "application/json",
    },
    body: JSON.stringify({ routing: { attributes: { plan: request.user.plan } } }),
  });
  response.status(answer.status).json(await answer.json());
});
