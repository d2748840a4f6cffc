// Numbers as chips: each is sent to the server, which says what it means. The text field below stays what is posted.
(() => {
  const SEPARATORS = /[\n\r,;\t]+/;
  const ICONS = { exact: "call", prefix: "more_horiz", country: "flag", withheld: "visibility_off", other: "tag", invalid: "error" };
  const NOUNS = {
    exact: ["number", "numbers"],
    prefix: ["prefix", "prefixes"],
    country: ["country", "countries"],
    withheld: ["hidden number", "hidden numbers"],
    other: ["exact text", "exact texts"],
    invalid: ["to be mended", "to be mended"],
  };
  const SUGGESTED = 6;
  const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
  const nameOf = (code) => names.of(code);

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const icon = (name) => element("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);

  const meaningOf = (entry) => {
    if (entry.kind === "country") return `every number of ${nameOf(entry.country)} (${entry.country})`;
    if (entry.kind === "exact" && entry.country) return `this number, ${nameOf(entry.country)}`;
    return entry.meaning;
  };
  const shownOf = (entry) => (entry.kind === "country" ? `${nameOf(entry.country)} (${entry.country})` : entry.shown);

  const start = (box, root) => {
    const area = box.querySelector("textarea");
    const codes = root.dataset.countries.split(" ");
    const byName = new Map(codes.map((code) => [nameOf(code).toLowerCase(), code]));
    let entries = [];
    let shown = []; // suggested countries
    let chosen = -1;

    const list = element("ul", { class: "sb-chips-list", role: "list", "aria-label": "Numbers of this condition" });
    const input = element("input", {
      class: "sb-chips-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-label": "Add a number, a prefix, a country or withheld", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": `${area.id}_countries`, placeholder: "+12025550100, +1415*, Spain, withheld …",
    });
    const menu = element("ul", { class: "sb-chips-menu", id: `${area.id}_countries`, role: "listbox", "aria-label": "Countries", hidden: "" });
    const status = element("p", { class: "sb-ruleform-help", role: "status" });
    const faults = element("ul", { class: "sb-chips-faults" });
    const asText = element("button", { type: "button", class: "sb-chips-text" }, "Edit as text");

    const tell = () => area.dispatchEvent(new Event("change", { bubbles: true }));
    const stored = () => area.value.split("\n").map((text) => text.trim()).filter(Boolean);
    const store = () => {
      area.value = entries.map((entry) => entry.text).join("\n");
      tell();
    };

    const chip = (entry, place) => {
      const remove = element("button", { type: "button", "aria-label": `Remove ${shownOf(entry)}`, "data-place": place }, icon("close"));
      const classes = `sb-chip sb-chip-${entry.kind}${entry.coveredBy ? " sb-chip-covered" : ""}`;
      const words = entry.coveredBy ? `${meaningOf(entry)}; already covered by ${entry.coveredBy}` : meaningOf(entry);
      const text = element("span", {}, element("b", { dir: "ltr" }, shownOf(entry)), element("small", {}, words));
      return element("li", { class: classes, title: words }, icon(ICONS[entry.kind]), text, remove);
    };

    const summary = (note) => {
      const counted = Object.entries(NOUNS).map(([kind, [one, many]]) => {
        const count = entries.filter((entry) => entry.kind === kind).length;
        return count ? `${count} ${count === 1 ? one : many}` : "";
      });
      const covered = entries.filter((entry) => entry.coveredBy).length;
      const extra = covered ? `${covered} already covered by another entry` : "";
      return [counted.filter(Boolean).join(", "), extra, note].filter(Boolean).join("; ");
    };

    const draw = (note = "") => {
      list.replaceChildren(...entries.map(chip));
      list.hidden = entries.length === 0;
      box.classList.toggle("sb-chips-many", entries.length > 30);
      const wrong = entries.filter((entry) => entry.kind === "invalid");
      faults.replaceChildren(...wrong.map((entry) => element("li", {}, entry.meaning)));
      status.textContent = summary(note);
    };

    // The server's answer to an older question is thrown away.
    let turn = 0;
    const understand = async (texts, { keep = false } = {}) => {
      const mine = ++turn;
      const body = new FormData();
      body.set("entries", texts.join("\n"));
      body.set("csrfmiddlewaretoken", area.form.elements.csrfmiddlewaretoken.value);
      let note = "";
      try {
        const answer = await fetch(root.dataset.numbers, { method: "POST", body });
        if (!answer.ok || answer.redirected) throw new Error(answer.status);
        const found = (await answer.json()).entries;
        if (mine !== turn) return;
        const once = new Map(found.map((entry) => [entry.text, entry]).reverse()); // the first of each
        entries = found.filter((entry) => once.get(entry.text) === entry);
        const twice = found.length - entries.length;
        for (const told of box.querySelectorAll(".sb-ruleform-error")) told.remove(); // each entry says it now
        if (twice) note = `${twice} stood there already and ${twice === 1 ? "is" : "are"} left out`;
      } catch {
        if (mine !== turn) return;
        entries = texts.map((text) => ({ text, kind: "other", shown: text, meaning: "not checked", country: "", coveredBy: "" }));
        note = "the server did not answer: they are checked when you save";
      }
      draw(note);
      if (!keep) store();
    };

    const split = (text) =>
      text.split(SEPARATORS).map((part) => part.trim()).filter(Boolean).map((part) => byName.get(part.toLowerCase()) ?? part);

    const add = (text) => {
      const fresh = split(text);
      input.value = "";
      suggest();
      if (!fresh.length) return;
      // Kept at once: it is posted even if the answer is slow, and the next entry may come before it.
      area.value = [...stored(), ...fresh].join("\n");
      understand(stored());
    };

    const suggest = () => {
      const typed = input.value.trim().toLowerCase();
      const matches = (name) => name.startsWith(typed) || name.includes(` ${typed}`);
      shown = /^\p{L}{2}/u.test(typed) ? [...byName].filter(([name, code]) => matches(name) || code.toLowerCase() === typed).map(([, code]) => code) : [];
      shown = shown.slice(0, SUGGESTED);
      chosen = -1;
      menu.replaceChildren(...shown.map((code, place) =>
        element("li", { role: "option", id: `${menu.id}_${place}`, "aria-selected": "false", "data-code": code }, `${nameOf(code)} (${code})`)));
      menu.hidden = shown.length === 0;
      input.setAttribute("aria-expanded", String(shown.length > 0));
      input.removeAttribute("aria-activedescendant");
    };

    const choose = (place) => {
      chosen = (place + shown.length) % shown.length;
      for (const [at, option] of [...menu.children].entries()) option.setAttribute("aria-selected", String(at === chosen));
      input.setAttribute("aria-activedescendant", `${menu.id}_${chosen}`);
    };

    const remove = (place) => {
      const [gone] = entries.splice(place, 1);
      area.value = stored().filter((text) => text !== gone.text).join("\n");
      draw();
      tell();
      if (area.value) understand(stored());
      (list.querySelector(`[data-place="${Math.min(place, entries.length - 1)}"]`) ?? input).focus();
    };

    const keys = {
      Enter: (event) => {
        event.preventDefault();
        add(chosen >= 0 ? shown[chosen] : input.value);
      },
      ",": (event) => keys.Enter(event),
      ";": (event) => keys.Enter(event),
      ArrowDown: (event) => shown.length && (event.preventDefault(), choose(chosen + 1)),
      ArrowUp: (event) => shown.length && (event.preventDefault(), choose(chosen < 0 ? -1 : chosen - 1)),
      Escape: (event) => shown.length && (event.preventDefault(), event.stopPropagation(), (shown = []), (menu.hidden = true), input.setAttribute("aria-expanded", "false")),
      Backspace: (event) => {
        if (input.value || !entries.length) return;
        event.preventDefault();
        const last = entries.at(-1).text;
        remove(entries.length - 1);
        input.value = last;
        input.focus();
      },
    };

    input.addEventListener("keydown", (event) => keys[event.key]?.(event));
    input.addEventListener("input", (event) => {
      event.stopPropagation(); // not yet part of the rule
      suggest();
    });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text");
      if (!SEPARATORS.test(text)) return;
      event.preventDefault();
      add(input.value + text);
    });
    input.addEventListener("blur", () => add(input.value));
    menu.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = event.target.closest("[data-code]");
      if (option) add(option.dataset.code);
    });
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-place]");
      if (button) remove(Number(button.dataset.place));
    });
    asText.addEventListener("click", () => {
      const text = box.classList.toggle("sb-chips-as-text");
      asText.textContent = text ? "Show as chips" : "Edit as text";
      if (text) area.focus();
      else understand(split(area.value));
    });
    area.addEventListener("sb:emptied", () => {
      turn += 1;
      entries = [];
      draw();
    });
    area.form.addEventListener("submit", () => {
      const rest = split(input.value);
      if (rest.length) area.value = [area.value, ...rest].filter(Boolean).join("\n");
    }, { capture: true });

    const field = element("div", { class: "sb-chips-field" }, list, input, menu);
    box.prepend(field, faults, element("div", { class: "sb-chips-foot" }, status, asText));
    draw();
    const texts = split(area.value);
    if (texts.length) understand(texts, { keep: true });
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll("[data-rule-form]")) {
      for (const box of root.querySelectorAll("[data-chips]")) start(box, root);
    }
  });
})();
