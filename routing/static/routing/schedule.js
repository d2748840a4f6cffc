// The week grid of a schedule's form. The text field is what is stored: the grid only writes it, and follows what the
// server read out of it, so that grid, pictures and calls can never mean different hours.
const DAY = 1440;
const SNAP = 15;
const CODES = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const NAMES = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const COPIES = [
  ["Mon to Fri", [0, 1, 2, 3, 4]],
  ["Sat and Sun", [5, 6]],
  ["Every day", [0, 1, 2, 3, 4, 5, 6]],
];

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const icon = (name) => make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, name);
const clock = (minutes) => {
  const shown = minutes > DAY ? minutes - DAY : minutes;
  return `${String(Math.floor(shown / 60)).padStart(2, "0")}:${String(shown % 60).padStart(2, "0")}`;
};
const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
// Reads 9, 930, 09:30 and 24:00; null for what is no time of a day.
const typedMinutes = (text) => {
  const found = /^(\d{1,2})(?:[:.]?([0-5]\d))?$/.exec(text.trim());
  const minutes = found ? Number(found[1]) * 60 + Number(found[2] ?? 0) : DAY + 1;
  return minutes <= DAY ? minutes : null;
};
const range = (start, end) => ({ start, end: end > start ? end : end + DAY });

// Text ---------------------------------------------------------------------------------------------------------------

function writeDays(days) {
  const hours = days.map((ranges) => ranges.map(({ start, end }) => `${clock(start)}-${clock(end)}`).join(","));
  if (hours.every((text) => text === "00:00-24:00")) return "24/7";
  const parts = [...new Set(hours)].filter(Boolean).map((text) => {
    const own = CODES.map((_, day) => hours[day] === text);
    return own.every(Boolean) ? `Mo-Su ${text}` : `${writeRuns(own)} ${text}`;
  });
  // Behind a semicolon a day's own hours would end the night before at 00:00; behind a comma they are added to it.
  const hasNight = days.flat().some(({ end }) => end > DAY);
  return parts.join(hasNight ? ", " : "; ") || "off";
}

function writeRuns(own) {
  const runs = [];
  for (let day = 0; day < 7; day += 1) {
    if (!own[day]) continue;
    const first = day;
    while (day < 6 && own[day + 1]) day += 1;
    runs.push(first === day ? CODES[first] : `${CODES[first]}-${CODES[day]}`);
  }
  return runs.join(",");
}

function merged(ranges) {
  const sorted = ranges.toSorted((one, other) => one.start - other.start);
  const kept = [];
  for (const { start, end } of sorted) {
    const last = kept.at(-1);
    if (last && start <= last.end) last.end = Math.min(Math.max(last.end, end), last.start + DAY);
    else kept.push({ start, end: Math.min(end, start + DAY) });
  }
  return kept;
}

// Editor -------------------------------------------------------------------------------------------------------------

class Editor {
  constructor(text, country, onWrite) {
    Object.assign(this, { text, country, onWrite, days: NAMES.map(() => []), holidays: "", editable: false, byHand: false });
    this.message = make("p", { class: "sb-schedule-message", role: "status" });
    this.grid = make("div", { class: "sb-schedule-grid", role: "group", "aria-label": "Week grid" });
    this.exact = make("div", { class: "sb-schedule-exact" });
    this.details = make("details", { class: "sb-schedule-details" }, make("summary", {}, "Exact times, day by day"), this.exact);
    this.details.open = matchMedia("(max-width: 767px)").matches;
    this.root = make("div", { class: "sb-schedule-editor" }, this.message, this.grid, this.hint(), this.details, this.holidayRow());
    text.parentElement.append(this.root);
    country?.addEventListener("change", () => this.followCountry());
  }

  hint() {
    return make("p", { class: "sb-schedule-hint" },
      "Drag to draw hours, drag an end to change it, drag on into the next day's row for a night. By keyboard: arrow keys move " +
      "the hours, with Shift they move the end, Delete removes them. Steps are 15 minutes.");
  }

  holidayRow() {
    this.choice = make("select", { id: "schedule-holidays-choice", class: "sb-schedule-input" });
    for (const [value, words] of [["", "days as any other"], ["off", "closed"], ["hours", "open at these hours"]]) {
      this.choice.append(make("option", { value }, words));
    }
    this.hours = make("input", { class: "sb-schedule-input", "aria-label": "Hours on public holidays", placeholder: "10:00-12:00" });
    this.choice.addEventListener("change", () => {
      this.hours.hidden = this.choice.value !== "hours";
      if (!this.hours.hidden && !this.hours.value) this.hours.value = "10:00-12:00";
      this.setHolidays(this.choice.value === "hours" ? this.hours.value : this.choice.value);
    });
    this.hours.addEventListener("change", () => this.setHolidays(this.hours.value.replace(/\s/g, "")));
    return make("p", { class: "sb-schedule-holidays" },
      make("label", { for: this.choice.id }, "Public holidays are "), this.choice, this.hours);
  }

  setHolidays(holidays) {
    this.holidays = holidays;
    this.write();
  }

  followCountry() {
    if (!this.editable) return;
    if (this.country.value && !this.holidays) this.setHolidays("off");
    else if (!this.country.value && this.holidays) this.setHolidays("");
    this.draw();
  }

  // Takes what the server read: a week, or nothing and a note that says why.
  show({ week, note }) {
    this.editable = Boolean(week);
    this.byHand = Boolean(note); // an empty grid would say that all days are closed
    if (week) {
      this.days = week.days.map((ranges) => ranges.map(([start, end]) => range(minutesOf(start), minutesOf(end))));
      this.holidays = week.holidays;
    }
    this.message.replaceChildren();
    if (!week) this.message.append(note || "The grid waits until the text above can be read. ", " ", this.startButton());
    this.draw();
  }

  startButton() {
    const button = make("button", { type: "button", class: "sb-schedule-button" }, "Replace the text by a week in the grid");
    button.addEventListener("click", () => {
      this.editable = true;
      this.byHand = false;
      this.message.replaceChildren();
      this.days = NAMES.map((_, day) => (day < 5 ? [range(540, 1020)] : []));
      this.holidays = this.country?.value ? "off" : "";
      this.write();
    });
    return button;
  }

  write() {
    const days = this.days = this.days.map(merged);
    const weekly = writeDays(days);
    this.text.value = this.holidays ? `${weekly}; PH ${this.holidays}` : weekly;
    this.text.dispatchEvent(new Event("change", { bubbles: true }));
    this.draw();
    this.onWrite();
  }

  set(day, place, start, end, keepFocus = true) {
    const length = Math.min(Math.max(end - start, SNAP), DAY);
    const first = Math.min(Math.max(start, 0), DAY - SNAP);
    this.days[day][place] = { start: first, end: first + length };
    this.write();
    if (keepFocus) this.grid.querySelector(`[data-bar="${day}-${this.placeOf(day, first)}"]`)?.focus();
  }

  placeOf(day, start) {
    return this.days[day].findIndex((one) => one.start <= start && start < one.end);
  }

  remove(day, place) {
    this.days[day].splice(place, 1);
    this.write();
    this.grid.querySelector(`[data-copy="${day}"]`)?.focus();
  }

  copy(day, targets) {
    for (const target of targets) this.days[target] = this.days[day].map((one) => ({ ...one }));
    this.write();
    this.grid.querySelector(`[data-copy="${day}"]`)?.focus();
  }

  draw() {
    this.root.classList.toggle("sb-schedule-locked", !this.editable);
    this.root.classList.toggle("sb-schedule-by-hand", this.byHand);
    this.choice.value = ["", "off"].includes(this.holidays) ? this.holidays : "hours";
    this.hours.hidden = this.choice.value !== "hours";
    if (!this.hours.hidden) this.hours.value = this.holidays;
    this.choice.disabled = this.hours.disabled = !this.editable;
    this.grid.replaceChildren(axis(), ...NAMES.map((_, day) => this.row(day)));
    this.drawLines();
  }

  // Lines that show the same as before are left alone: who types a time may already be at the next one.
  drawLines() {
    NAMES.forEach((_, day) => {
      const line = this.exact.children[day];
      if (line?.dataset.shows === this.shows(day)) return;
      if (line) line.replaceWith(this.line(day));
      else this.exact.append(this.line(day));
    });
  }

  shows(day) {
    return JSON.stringify([this.editable, this.days[day]]);
  }

  row(day) {
    const track = make("div", { class: "sb-schedule-track", "data-day": day });
    this.days[day].forEach((one, place) => track.append(this.bar(day, place, one)));
    for (const { end } of this.days[(day + 6) % 7]) {
      if (end > DAY) track.append(placed(make("span", { class: "sb-schedule-tail", title: "Still open from the night before" }, `until ${clock(end)}`), 0, end - DAY));
    }
    if (this.editable) track.addEventListener("pointerdown", (event) => this.grab(event, day, track));
    return make("div", { class: "sb-schedule-row" },
      make("span", { class: "sb-schedule-day" }, NAMES[day].slice(0, 3)), track, this.copier(day));
  }

  bar(day, place, { start, end }) {
    const label = `${NAMES[day]} ${clock(start)}-${clock(end)}${end > DAY ? " on the next day" : ""}`;
    const bar = placed(make("button", { type: "button", class: "sb-schedule-bar", "data-bar": `${day}-${place}`, "aria-label": label, title: label }), start, Math.min(end, DAY) - start);
    bar.append(make("span", {}, `${clock(start)}-${clock(end)}`));
    bar.disabled = !this.editable;
    bar.addEventListener("keydown", (event) => this.press(event, day, place));
    return bar;
  }

  copier(day) {
    const details = make("details", { class: "sb-schedule-copier" },
      make("summary", { "data-copy": day, "aria-label": `Copy ${NAMES[day]} to other days`, title: `Copy ${NAMES[day]} to other days` },
        icon("content_copy")));
    const others = NAMES.map((name, other) => [name, [other]]).filter((_, other) => other !== day);
    const menu = make("div", { class: "sb-schedule-menu", role: "group", "aria-label": `Copy ${NAMES[day]} to` },
      make("span", { "aria-hidden": "true" }, `Copy ${NAMES[day]} to`));
    for (const [words, targets] of [...COPIES, ...others]) {
      const button = make("button", { type: "button" }, words);
      button.addEventListener("click", () => this.copy(day, targets));
      menu.append(button);
    }
    details.append(menu);
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      details.open = false;
      details.firstChild.focus();
    });
    details.addEventListener("toggle", () => details.open && menu.scrollIntoView({ block: "nearest" })); // not below the foot's bar
    details.addEventListener("focusout", ({ relatedTarget }) => {
      if (!details.contains(relatedTarget)) details.open = false;
    });
    details.hidden = !this.editable;
    return details;
  }

  line(day) {
    const group = make("div", { class: "sb-schedule-line", role: "group", "aria-label": NAMES[day], "data-shows": this.shows(day) },
      make("span", { class: "sb-schedule-day" }, NAMES[day]));
    const ranges = make("div", { class: "sb-schedule-ranges" });
    this.days[day].forEach(({ start, end }, place) => ranges.append(this.times(day, place, start, end)));
    const add = make("button", { type: "button", class: "sb-schedule-button", "aria-label": `Add hours on ${NAMES[day]}` }, "Add hours");
    add.disabled = !this.editable;
    add.addEventListener("click", () => {
      const free = this.days[day].at(-1)?.end ?? 540;
      const start = free < DAY - 60 ? free + (this.days[day].length ? 60 : 0) : 0;
      this.days[day].push(range(Math.min(start, DAY - SNAP), Math.min(start + 480, DAY)));
      this.write();
      [...this.exact.children[day].querySelectorAll("input")].at(-2)?.focus();
    });
    if (!this.days[day].length) ranges.append(make("span", { class: "sb-schedule-none" }, "closed"));
    ranges.append(add);
    group.append(ranges);
    return group;
  }

  times(day, place, start, end) {
    const field = (words, value) => {
      const input = make("input", { class: "sb-schedule-input sb-schedule-time", inputmode: "numeric", maxlength: 5, "aria-label": `${NAMES[day]}, ${words}`, value });
      input.disabled = !this.editable;
      return input;
    };
    const from = field("from", clock(start));
    const to = field("to", clock(end));
    const night = make("em", {}, end > DAY ? "next day" : "");
    const remove = make("button", { type: "button", class: "sb-schedule-button", "aria-label": `Remove these hours on ${NAMES[day]}` }, icon("close"));
    remove.disabled = !this.editable;
    remove.addEventListener("click", () => this.remove(day, place));
    const change = () => {
      const old = this.days[day][place];
      const typed = [typedMinutes(from.value) ?? old.start, typedMinutes(to.value) ?? old.end % DAY];
      const now = range(typed[0] % DAY, typed[1]);
      [from.value, to.value, night.textContent] = [clock(now.start), clock(now.end), now.end > DAY ? "next day" : ""];
      this.days[day][place] = now;
      this.exact.children[day].dataset.shows = this.shows(day);
      this.write();
    };
    from.addEventListener("change", change);
    to.addEventListener("change", change);
    return make("span", { class: "sb-schedule-times" }, from, " to ", to, night, remove);
  }

  press(event, day, place) {
    const { start, end } = this.days[day][place];
    const step = { ArrowLeft: -SNAP, ArrowRight: SNAP }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.remove(day, place);
    else if (step && event.shiftKey) this.set(day, place, start, end + step);
    else if (step) this.set(day, place, start + step, end + step);
    else return;
    event.preventDefault();
  }

  // One gesture: draws new hours, moves those under the pointer, or changes the end that was taken hold of.
  grab(event, day, track) {
    if (event.button !== 0) return;
    const bar = event.target.closest(".sb-schedule-bar");
    const box = track.getBoundingClientRect();
    const snapped = (x) => Math.min(Math.max(Math.round(((x - box.left) / box.width) * DAY / SNAP) * SNAP, 0), DAY);
    const origin = snapped(event.clientX);
    const place = bar ? Number(bar.dataset.bar.split("-")[1]) : this.days[day].length;
    const old = bar ? this.days[day][place] : { start: origin, end: origin };
    const edge = bar ? edgeOf(bar, event.clientX) : "end";
    const rows = [...this.grid.querySelectorAll(".sb-schedule-track")];
    let moved = null;
    const follow = ({ clientX, clientY }) => {
      const at = snapped(clientX);
      const next = rows[(day + 1) % 7].getBoundingClientRect();
      const inNext = clientY > next.top && clientY < next.bottom && at < old.start;
      if (edge === "body") {
        const start = Math.min(Math.max(old.start + at - origin, 0), DAY - SNAP);
        moved = { start, end: start + old.end - old.start };
      } else if (edge === "start") moved = { start: Math.min(at, old.end - SNAP), end: old.end };
      else if (inNext) moved = { start: old.start, end: DAY + Math.max(at, SNAP) };
      else moved = bar ? { start: old.start, end: Math.max(at, old.start + SNAP) } : drawnFrom(origin, at);
      this.ghost(track, moved);
    };
    const finish = (end) => {
      removeEventListener("pointermove", follow);
      removeEventListener("pointerup", finish);
      removeEventListener("pointercancel", finish);
      this.grid.querySelector(".sb-schedule-ghost")?.remove();
      if (end.type === "pointerup" && moved && (moved.start !== old.start || moved.end !== old.end)) {
        this.set(day, place, moved.start, moved.end);
      }
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", finish);
    addEventListener("pointercancel", finish);
  }

  ghost(track, { start, end }) {
    const ghost = this.grid.querySelector(".sb-schedule-ghost") ?? track.appendChild(make("span", { class: "sb-schedule-ghost" }));
    placed(ghost, start, Math.min(end, DAY) - start);
    ghost.textContent = `${clock(start)}-${clock(end)}`;
  }
}

function drawnFrom(origin, at) {
  const [start, end] = at < origin ? [at, origin + SNAP] : [origin, Math.max(at, origin + SNAP)];
  return { start, end: Math.min(end, DAY) };
}

function edgeOf(bar, x) {
  const { left, right } = bar.getBoundingClientRect();
  const grip = Math.min(8, (right - left) / 3);
  if (x - left <= grip) return "start";
  return right - x <= grip ? "end" : "body";
}

function placed(element, start, length) {
  element.style.left = `${(start * 100) / DAY}%`;
  element.style.width = `${(length * 100) / DAY}%`;
  return element;
}

function axis() {
  const hours = make("div", { class: "sb-schedule-axis", "aria-hidden": "true" });
  for (let hour = 0; hour <= 24; hour += 3) {
    const mark = make("span", {}, String(hour));
    mark.style.left = `${(hour * 100) / 24}%`;
    hours.append(mark);
  }
  return hours;
}

// Page ---------------------------------------------------------------------------------------------------------------

class Preview {
  constructor(form, desk, onAnswer) {
    Object.assign(this, { form, desk, onAnswer, month: "", timer: 0, asked: null });
    this.panel = desk.querySelector("#schedule-preview");
    this.status = desk.querySelector("#schedule-status");
    this.panel.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-month]");
      if (!button) return;
      this.month = button.dataset.month;
      this.ask(button.textContent.trim());
    });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 300);
  }

  async ask(turned = "") {
    this.asked?.abort();
    this.asked = new AbortController();
    const body = new FormData(this.form);
    body.set("month", this.month);
    try {
      const response = await fetch(this.desk.dataset.url, { method: "POST", body, signal: this.asked.signal, credentials: "same-origin" });
      if (response.redirected) {
        this.warn("You are logged out: copy what you typed before you save.");
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      this.panel.innerHTML = answer.html;
      this.status.textContent = answer.status;
      if (turned) [...this.panel.querySelectorAll("[data-month]")].find((one) => one.textContent.trim() === turned)?.focus();
      this.onAnswer(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.warn("The preview cannot be brought up to date just now. Saving still checks everything.");
    }
  }

  warn(words) {
    this.status.textContent = "";
    this.panel.replaceChildren(make("p", { class: "sb-card sb-warning" }, words));
  }
}

function showErrors(form, errors) {
  for (const old of form.querySelectorAll(".sb-schedule-error")) old.remove();
  for (const marked of form.querySelectorAll("[data-schedule-marked]")) {
    marked.removeAttribute("aria-invalid");
    marked.removeAttribute("data-schedule-marked");
  }
  for (const [name, messages] of Object.entries(errors)) {
    const field = form.elements.namedItem(name);
    if (!field || !messages.length) continue;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("data-schedule-marked", "");
    const place = field.nextElementSibling?.classList.contains("select2") ? field.nextElementSibling : field;
    place.after(make("p", { class: "sb-schedule-error", role: "alert" }, messages.join(" ")));
  }
}

// Past exceptions are folded away: what matters is still to come.
function foldPast(form) {
  const today = new Date().toLocaleDateString("sv");
  const rows = [...form.querySelectorAll("#exceptions-data tbody")].filter((row) => {
    const last = row.querySelector('[name$="-ends_on"]')?.value || row.querySelector('[name$="-starts_on"]')?.value;
    return last && last < today && !row.querySelector(".errorlist, [aria-invalid=true]");
  });
  if (!rows.length) return;
  const button = make("button", { type: "button", class: "sb-schedule-button", "aria-expanded": "false" }, `Show ${rows.length} past exception${rows.length === 1 ? "" : "s"}`);
  const fold = (hidden) => rows.forEach((row) => { row.hidden = hidden; row.classList.add("sb-schedule-past"); });
  button.addEventListener("click", () => {
    const hidden = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!hidden));
    button.textContent = button.textContent.replace(hidden ? "Hide" : "Show", hidden ? "Show" : "Hide");
    fold(hidden);
  });
  fold(true);
  form.querySelector("#exceptions-data").closest(".formset-wrapper, .tabular").before(button);
}

function nameCountries(select) {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  const options = [...select.options].filter(({ value }) => value);
  for (const option of options) option.textContent = `${names.of(option.value)} (${option.value})`;
  options.sort((one, other) => one.textContent.localeCompare(other.textContent));
  const chosen = select.value;
  select.append(...options);
  select.value = chosen;
}

function start() {
  const form = document.getElementById("schedule_form");
  const desk = document.getElementById("schedule-desk");
  if (!form || !desk) return;
  const { opening_hours: text, country } = form.elements;
  const preview = new Preview(form, desk, (answer) => {
    showErrors(form, answer.errors);
    if (!editor?.written) editor?.show(answer);
  });
  let editor = null;
  if (text instanceof HTMLTextAreaElement) {
    editor = new Editor(text, country, () => { editor.written = true; preview.soon(); });
    text.addEventListener("input", () => { editor.written = false; });
    editor.show(JSON.parse(document.getElementById("schedule-week").textContent));
  }
  if (country instanceof HTMLSelectElement) nameCountries(country);
  foldPast(form);
  const ours = /^(opening_hours|timezone|country|exceptions-.*)$/;
  const edited = ({ target }) => { if (ours.test(target.name ?? "")) preview.soon(); };
  form.addEventListener("input", edited);
  form.addEventListener("change", edited);
  // The searchable list and the buttons of lines tell jQuery only.
  window.django?.jQuery?.(form).on("change", edited);
  document.addEventListener("formset:removed", () => preview.soon());
  form.addEventListener("click", ({ target }) => { if (target.closest("[class*=delete]")) preview.soon(); });
  if ("cameBack" in desk.dataset || text?.value !== text?.defaultValue) preview.ask();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
