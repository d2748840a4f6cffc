// The page stays while the server looks at the file, so that the file need not be chosen twice.
// Without this script (or when a file cannot be sent this way) the form is sent as usual.
const form = document.getElementById("import");

form.addEventListener("submit", async (event) => {
  if (event.submitter?.name === "seen") return; // in earnest: the browser sends it and follows to the list
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  try {
    const answer = await fetch(location.href, { method: "POST", body: new FormData(form) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("import-plan");
    const faults = [...page.querySelectorAll("#import > :not(#import-plan) [role=alert], #import > :not(#import-plan) .errorlist li")];
    const plan = document.getElementById("import-plan");
    plan.replaceChildren(...(fresh ? fresh.childNodes : []));
    for (const fault of faults) {
      const line = document.createElement("p");
      line.className = "sb-import-error";
      line.setAttribute("role", "alert");
      line.textContent = fault.textContent.trim();
      plan.append(line);
    }
    plan.scrollIntoView({ block: "nearest" });
  } finally {
    button.disabled = false;
  }
});

// What was looked at is no longer what would be sent.
form.addEventListener("input", () => document.querySelector("#import-plan [name=seen]")?.remove());
if (form.querySelector("[name=seen]") && !document.getElementById("id_file").files.length && !document.getElementById("id_text").value.trim()) {
  form.querySelector(".sb-import-again")?.removeAttribute("hidden");
}
