// Choosing a thing at Vapi by name: a text field that searches, and a list below it (the combobox pattern of WAI-ARIA).
// The id stands in the text field under "It is not in the list", which is all there is without this script.
const PAUSE = 150; // milliseconds without a key before the list is asked for

function setUp(picker) {
  const { url, kind, kindField, fillName, fillNumber, fillSipUri } = picker.dataset;
  const box = picker.querySelector("[data-picker-box]");
  const search = box.querySelector("[role=combobox]");
  const list = box.querySelector("[role=listbox]");
  const status = box.querySelector("[data-picker-status]");
  const hand = picker.querySelector("[data-picker-hand]");
  const id = hand.querySelector("input");
  const kindInput = kindField ? document.getElementById(kindField) : null;
  let chosen = search.value;
  let suggested = "";
  let active = -1;
  let waiting = 0;
  let asked = 0;
  let last = kindInput?.value;

  box.hidden = false;
  if (!("keep" in hand.dataset) && !picker.closest(".errors, .form-row.errors")) hand.open = false;

  const kindNow = () => kind || kindInput?.value || "";
  const close = () => { clearTimeout(waiting); asked += 1; list.hidden = true; active = -1; search.setAttribute("aria-expanded", "false"); search.removeAttribute("aria-activedescendant"); };
  const tell = (words, missing = false) => { status.textContent = words; status.classList.toggle("sb-picker-missing", missing); };
  const fill = (field, value) => {
    const input = field && document.getElementById(field);
    if (!input) return;
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  function choose(item) {
    chosen = search.value = item.label;
    fill(id.id, item.id);
    fill(fillNumber, item.number);
    fill(fillSipUri, item.sipUri);
    const name = fillName && document.getElementById(fillName);
    if (name && (!name.value.trim() || name.value === suggested)) { suggested = item.name; fill(fillName, item.name); }
    tell(item.missing ? "It is missing at Vapi: rules skip it. Choose another." : "", item.missing);
    close();
  }

  function mark(place) {
    const options = [...list.children];
    if (!options.length) return;
    active = (place + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    search.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }

  function show(answer) {
    list.replaceChildren(...answer.results.map((item, at) => {
      const option = document.createElement("li");
      option.id = `${list.id}_${at}`;
      option.role = "option";
      option.setAttribute("aria-selected", "false");
      option.toggleAttribute("data-missing", item.missing);
      option.append(Object.assign(document.createElement("span"), { textContent: item.label, dir: "auto" }));
      if (item.note) option.append(Object.assign(document.createElement("small"), { textContent: item.note }));
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(item); });
      option.choose = () => choose(item);
      return option;
    }));
    active = -1;
    search.removeAttribute("aria-activedescendant");
    const some = answer.results.length > 0;
    list.hidden = !some;
    search.setAttribute("aria-expanded", String(some));
    if (some) tell(answer.more ? "There are more: type a part of the name." : "");
    else tell(answer.known ? "Nothing of that name at Vapi." : "Nothing is known of this kind: synchronise first.");
  }

  async function ask(text) {
    asked += 1;
    const mine = asked;
    try {
      const answer = await fetch(`${url}?${new URLSearchParams({ kind: kindNow(), q: text })}`);
      const found = answer.ok ? await answer.json() : null;
      if (mine !== asked) return;
      if (!found) throw new Error(String(answer.status));
      show(found);
    } catch {
      if (mine !== asked) return;
      close();
      tell("The list cannot be loaded. Type the id below.");
      hand.open = true;
    }
  }

  const askSoon = () => { clearTimeout(waiting); waiting = setTimeout(() => ask(search.value), PAUSE); };
  const open = () => ask(search.value === chosen ? "" : search.value);

  search.addEventListener("input", askSoon);
  search.addEventListener("click", () => { if (list.hidden) open(); });
  search.addEventListener("blur", () => {
    if (!search.value.trim() && chosen) { chosen = ""; fill(id.id, ""); }
    search.value = chosen;
    close();
  });
  search.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (list.hidden) open();
      else mark(active < 0 && step < 0 ? -1 : active + step);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      (list.children[active] || list.children[0]).choose();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  // An id that is typed by hand is not the one that was chosen.
  id.addEventListener("change", () => { chosen = search.value = ""; tell(""); });
  kindInput?.addEventListener("change", () => {
    if (kindInput.value !== last && id.value && ["assistant", "squad"].includes(kindInput.value)) { chosen = search.value = ""; fill(id.id, ""); }
    last = kindInput.value;
    tell("");
  });
}

const start = () => document.querySelectorAll("[data-picker]").forEach(setUp);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
