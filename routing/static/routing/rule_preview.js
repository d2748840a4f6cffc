// The panel beside the form: asks the server what the rule would do, a moment after each change. Nothing is saved by it.
(() => {
  const QUIET = 400; // milliseconds without a change
  const LOGGED_OUT = "You are logged out: copy what you typed before you save.";

  const start = (panel) => {
    const [body, status] = [panel.querySelector("[data-preview-body]"), panel.querySelector("[data-preview-status]")];
    const editor = document.querySelector("[data-rule-form]");
    const form = editor?.closest("form");
    let timer = 0;
    let asking = new AbortController();

    const draw = ({ html, problems }) => {
      const open = [...body.querySelectorAll("details")].map((one) => one.open);
      body.innerHTML = html;
      for (const [place, one] of body.querySelectorAll("details").entries()) one.open = open[place] ?? false;
      for (const place of form?.querySelectorAll("[data-line-problem]") ?? []) {
        place.textContent = problems[place.closest("[data-line]").id] ?? "";
      }
    };

    const ask = async () => {
      asking.abort();
      asking = new AbortController();
      status.textContent = "Looking …";
      const request = { signal: asking.signal, headers: { Accept: "application/json" } };
      if (form) Object.assign(request, { method: "POST", body: new FormData(form) });
      try {
        const answer = await fetch(panel.dataset.preview, request);
        if (answer.redirected) {
          status.textContent = LOGGED_OUT;
          return;
        }
        if (!answer.ok) throw new Error(answer.status);
        draw(await answer.json());
        status.textContent = "";
      } catch (error) {
        if (error.name !== "AbortError") status.textContent = "Not up to date: the server did not answer.";
      }
    };

    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, QUIET);
    };

    if (form) django.jQuery(form).on("input change", soon); // the theme's lists tell only jQuery
    if (matchMedia("(max-width: 1023px)").matches && form) panel.querySelector("details").open = false;
    ask();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const panel of document.querySelectorAll("[data-preview]")) start(panel);
  });
})();
