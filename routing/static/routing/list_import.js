// The page stays while the server looks at the file, so that the file need not be chosen twice.
// Without this script (or when a file cannot be sent this way) the form is sent as usual.
const form = document.getElementById("import");
const plan = document.getElementById("import-plan");
const failed = document.getElementById("import-failed").parentElement;

form.addEventListener("submit", async (event) => {
  if (event.submitter?.name === "seen") return; // in earnest: the browser sends it and follows to the list
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  const words = button.textContent;
  button.disabled = true;
  button.textContent = "Looking at it…";
  plan.setAttribute("aria-busy", "true");
  plan.replaceChildren();
  const told = await lookedAt();
  plan.replaceChildren(...(told?.childNodes ?? [failed]));
  failed.hidden = Boolean(told);
  plan.removeAttribute("aria-busy");
  button.textContent = words;
  button.disabled = false;
  plan.scrollIntoView({ block: "nearest" });
});

// What the server says of the form; nothing if it could not be asked or answered with another page, as after a log-out.
async function lookedAt() {
  try {
    const answer = await fetch(location.href, { method: "POST", body: new FormData(form) });
    return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("import-plan");
  } catch {
    return null;
  }
}

// What was looked at is no longer what would be sent.
form.addEventListener("input", () => document.querySelector("#import-plan [name=seen]")?.remove());
if (form.querySelector("[name=seen]") && !document.getElementById("id_file").files.length && !document.getElementById("id_text").value.trim()) {
  form.querySelector(".sb-import-again")?.removeAttribute("hidden");
}
