// Rows of variables beside a field of JSON: more rows on demand, and faults told while they are typed.
(() => {
  const numberShape = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

  const faultOf = (type, text) => {
    const value = text.trim();
    if (type === "number") return numberShape.test(value) ? "" : "Write a number such as 12 or 12.5, or choose text.";
    if (type === "boolean") return /^(true|false)$/i.test(value) ? "" : "Write true or false.";
    return type === "json" ? placeOfFault(text) : "";
  };

  // Line and column of the fault, from the engine's own message: they are worded differently in each browser.
  const placeOfFault = (text) => {
    try {
      JSON.parse(text);
      return "";
    } catch (error) {
      const line = /line (\d+) column (\d+)/.exec(error.message);
      if (line) return `This is not JSON: look at line ${line[1]}, column ${line[2]}.`;
      const at = /position (\d+)/.exec(error.message);
      const before = text.slice(0, at ? Number(at[1]) : text.length).split("\n");
      return `This is not JSON: look at line ${before.length}, column ${before.at(-1).length + 1}.`;
    }
  };

  const restFault = (text) => {
    if (!text.trim()) return "";
    const fault = placeOfFault(text);
    if (fault) return fault;
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? "" : "Write one JSON object in curly brackets.";
  };

  const rowFault = (row) => {
    const [key, value] = [row.querySelector("input"), row.querySelector("textarea")].map((field) => field.value);
    if (!key.trim() && !value.trim()) return "";
    if (!key.trim()) return "Write a name.";
    const twin = [...row.parentElement.querySelectorAll("[data-overrides-row] input")];
    if (twin.filter((field) => field.value.trim() === key.trim()).length > 1) return "This name stands twice.";
    return faultOf(row.querySelector("select").value, value);
  };

  const tell = (place, field, fault) => {
    if (place.textContent !== fault) place.textContent = fault;
    field.toggleAttribute("aria-invalid", Boolean(fault));
  };

  const check = (box) => {
    for (const row of box.querySelectorAll("[data-overrides-row]")) {
      tell(row.querySelector("[data-overrides-fault]"), row.querySelector("textarea"), rowFault(row));
    }
    const rest = box.querySelector("[data-overrides-rest]");
    const told = box.hasAttribute("data-overrides-sent") && rest.value === rest.defaultValue; // by the server already
    tell(box.querySelector("[data-overrides-place]"), rest, told ? "" : restFault(rest.value));
  };

  const clear = (row) => {
    for (const field of row.querySelectorAll("input, textarea")) field.value = "";
    row.querySelector("select").selectedIndex = 0;
    row.querySelector("[data-overrides-fault]").textContent = "";
  };

  const changed = (box) => box.dispatchEvent(new Event("change", { bubbles: true }));

  const start = (box) => {
    const add = box.querySelector("[data-overrides-add]");
    add.hidden = false;
    for (const button of box.querySelectorAll("[data-overrides-remove]")) button.hidden = false;
    add.addEventListener("click", () => {
      const rows = box.querySelectorAll("[data-overrides-row]");
      const fresh = rows[rows.length - 1].cloneNode(true);
      clear(fresh);
      add.before(fresh);
      fresh.querySelector("input").focus();
    });
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-overrides-remove]")?.closest("[data-overrides-row]");
      if (!row) return;
      if (box.querySelectorAll("[data-overrides-row]").length > 1) row.remove();
      else clear(row);
      add.focus();
      check(box);
      changed(box);
    });
    box.addEventListener("input", () => check(box));
    check(box);
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-overrides]")) start(box);
  });
})();
