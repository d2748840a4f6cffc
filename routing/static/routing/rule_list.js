// The list of rules without leaving it: handles, switches and small buttons send what they saw, and the page is
// brought up to date from the server's answer. Without this script the same buttons are plain forms.
const table = document.getElementById("result_list");
const list = document.getElementById("sb-rules-list");
const form = document.getElementById("rule-act");
const say = document.getElementById("sb-rules-say");
const SHOWN_FOR = 8000; // milliseconds
const REMEMBERED = "sb-rules-news";
// What stands around the rules and changes with them. One that comes or goes makes the page load again.
const BARS = [".sb-banners", "#sb-rules-head", "#sb-rules-before", "#sb-rules-after"];
const isLintedLater = Boolean(table && "unlinted" in table.dataset); // with thousands of rules
let lifted = null; // { row, handle, next, pointer }: the row in the air, and what stood below it
let busy = false;
let quiet = 0;

if (table && list) {
  prepare();
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", closeMenus);
  document.addEventListener("toggle", showMenu, true); // it does not bubble
  document.addEventListener("keydown", onKey, true);
  list.addEventListener("pointerdown", onPointerDown);
  list.addEventListener("focusout", () => setTimeout(onFocusLost));
  if (isLintedLater) askWarnings();
  tellAfterReload();
}

function prepare() {
  for (const handle of list.querySelectorAll(".sb-rules-handle")) handle.hidden = false;
}

function rows() {
  return [...list.querySelectorAll(".sb-rules-row")];
}

function tell(message, refused = false) {
  clearTimeout(quiet);
  say.textContent = message;
  say.classList.toggle("sb-rules-refused", refused);
  if (!lifted) quiet = setTimeout(() => (say.textContent = ""), refused ? SHOWN_FOR * 3 : SHOWN_FOR);
}

// ---- Asking the server ----

function onSubmit(event) {
  const button = event.submitter;
  if (event.target !== form || !button || "plain" in button.dataset) return;
  event.preventDefault();
  send(button.formAction, button.name, button.value, button.id);
}

async function send(address, name, value, focus) {
  if (busy) return;
  busy = true;
  table.classList.add("sb-rules-busy");
  try {
    const body = new FormData(form);
    body.set(name, value);
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    const said = await readAnswer(answer);
    await refresh({ said, refused: !answer.ok, focus });
    tell(said, !answer.ok);
  } catch {
    tell("The server did not answer. Nothing may have changed: load the page again to see.", true);
    if (lifted) cancel();
  } finally {
    busy = false;
    table.classList.remove("sb-rules-busy");
  }
}

async function readAnswer(answer) {
  const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
  if (isJson) return (await answer.json()).message;
  if (answer.status === 403) return "You may not do this, or you were logged out: load the page again.";
  if (answer.redirected) return "You were logged out: load the page again.";
  return answer.status === 404 ? "A colleague deleted this rule meanwhile." : "The server could not do this.";
}

// Rows are moved and filled, not replaced: the check boxes keep what listens to them.
async function refresh(news) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = fresh.getElementById("sb-rules-list");
  const wanted = found ? [...found.querySelectorAll(".sb-rules-row")] : [];
  const known = new Map(rows().map((row) => [row.id, row]));
  const bars = BARS.map((bar) => [document.querySelector(bar), fresh.querySelector(bar)]);
  const isSameList = wanted.length === known.size && wanted.every((row) => known.has(row.id));
  if (!isSameList || bars.some(([old, other]) => !old !== !other)) {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(news));
    location.reload();
    return;
  }
  if (isLintedLater) keepWarnings(fresh);
  for (const row of wanted) fill(list.appendChild(known.get(row.id)), row);
  for (const [old, other] of bars) if (old) old.replaceWith(document.adoptNode(other));
  lifted = null;
  prepare();
  putFocus(news.focus);
  if (isLintedLater) askWarnings();
}

// Until the new ones are here, so that nothing on the page jumps.
function keepWarnings(fresh) {
  for (const place of document.querySelectorAll("#sb-rules-attention, .sb-rules-row[id]")) {
    const part = (root) => (root?.matches(".sb-rules-row") ? root.querySelector(".sb-rules-warnings") : root);
    const other = part(fresh.getElementById(place.id));
    if (other) other.innerHTML = part(place).innerHTML;
  }
}

function tellAfterReload() {
  const news = JSON.parse(sessionStorage.getItem(REMEMBERED) || "null");
  sessionStorage.removeItem(REMEMBERED);
  if (!news) return;
  putFocus(news.focus);
  tell(news.said, news.refused);
}

function fill(row, news) {
  row.className = news.className;
  Object.assign(row.dataset, news.dataset);
  const cells = (tr) => [...tr.children].filter((cell) => !cell.classList.contains("sb-rules-pick"));
  const fresh = cells(news);
  cells(row).forEach((cell, place) => cell.replaceWith(document.adoptNode(fresh[place])));
}

function putFocus(id) {
  const wanted = id && document.getElementById(id);
  if (!wanted) return;
  const handle = wanted.closest("tr")?.querySelector(".sb-rules-handle");
  (wanted.disabled && handle ? handle : wanted).focus({ preventScroll: false });
}

async function askWarnings() {
  const address = `${table.dataset.warnings}?rules=${rows().map((row) => row.dataset.rule).join(",")}`;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const found = await answer.json();
  for (const [rule, html] of Object.entries(found.rules)) {
    const place = document.querySelector(`#rule-${rule} .sb-rules-warnings`);
    if (place) place.innerHTML = html; // made by our own template
  }
  document.getElementById("sb-rules-attention").innerHTML = found.attention;
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll(".sb-rules-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

// The bar at the foot of the window would hide the end of a low row's menu.
function showMenu(event) {
  if (event.target.matches(".sb-rules-menu[open]")) event.target.querySelector("div").scrollIntoView({ block: "nearest" });
}

// ---- Moving: the row goes where it would stand; the server hears of it once it is put down ----

function lift(row, handle, pointer = null) {
  lifted = { row, handle, next: row.nextElementSibling, pointer };
  row.classList.add("sb-rules-lifted");
  handle.setAttribute("aria-pressed", "true");
  if (pointer === null) {
    const place = rows().indexOf(row) + 1;
    tell(`“${row.dataset.name}” is lifted, ${place} of ${rows().length} shown. Arrow keys move it, Space puts it down, Escape leaves it.`);
  }
}

function land() {
  const { row, handle } = lifted;
  row.classList.remove("sb-rules-lifted");
  handle.setAttribute("aria-pressed", "false");
}

function cancel() {
  const { row, handle, next } = lifted;
  list.insertBefore(row, next);
  land();
  lifted = null;
  handle.focus();
  tell(`“${row.dataset.name}” stays where it was.`);
}

function drop() {
  const { row, handle, next } = lifted;
  land();
  if (row.nextElementSibling === next) {
    lifted = null;
    tell(`“${row.dataset.name}” stays where it was.`);
    return;
  }
  const above = row.previousElementSibling;
  const below = row.nextElementSibling;
  const came = Number(row.dataset.position);
  // A rule that came from above goes right below the one it passed last, and the other way round.
  const goesAfter = above && (!below || came < Number(above.dataset.position));
  const beside = goesAfter ? above : below;
  const place = [goesAfter ? "after" : "before", beside.dataset.rule, came, beside.dataset.position].join(":");
  send(handle.dataset.address, "place", place, handle.id);
}

function step(down) {
  const { row, handle } = lifted;
  const other = down ? row.nextElementSibling : row.previousElementSibling;
  if (!other) {
    tell(down ? "This is the last rule shown." : "This is the first rule shown.");
    return;
  }
  lifted.moving = true;
  list.insertBefore(row, down ? other.nextElementSibling : other);
  handle.focus();
  lifted.moving = false;
  tell(`${down ? "Below" : "Above"} “${other.dataset.name}”, ${rows().indexOf(row) + 1} of ${rows().length} shown.`);
}

function onKey(event) {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll(".sb-rules-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (!lifted) {
    const handle = event.target.closest?.(".sb-rules-handle");
    if (handle && !busy && (event.key === " " || event.key === "Enter")) {
      event.preventDefault();
      lift(handle.closest("tr"), handle);
    }
    return;
  }
  const does = {
    Escape: cancel,
    " ": drop,
    Enter: drop,
    ArrowUp: () => step(false),
    ArrowDown: () => step(true),
  }[event.key];
  if (!does || busy) return;
  event.preventDefault();
  event.stopPropagation();
  does();
}

function onFocusLost() {
  if (lifted && lifted.pointer === null && !busy && document.activeElement !== lifted.handle) {
    const { row, next } = lifted;
    list.insertBefore(row, next);
    land();
    lifted = null;
    tell(`“${row.dataset.name}” stays where it was.`);
  }
}

function onPointerDown(event) {
  const handle = event.target.closest(".sb-rules-handle");
  if (!handle || busy || lifted || event.button !== 0) return;
  event.preventDefault();
  handle.focus();
  lift(handle.closest("tr"), handle, event.pointerId);
  addEventListener("pointermove", onPointerMove);
  addEventListener("pointerup", onPointerUp);
  addEventListener("pointercancel", onPointerUp);
}

function onPointerMove(event) {
  if (!lifted || event.pointerId !== lifted.pointer) return;
  const edge = 80;
  if (event.clientY < edge) scrollBy(0, -12);
  else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
  const { row } = lifted;
  const other = rows().find((it) => {
    const box = it.getBoundingClientRect();
    return it !== row && event.clientY >= box.top && event.clientY < box.bottom;
  });
  if (!other) return;
  const box = other.getBoundingClientRect();
  const isBelow = Boolean(row.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  // Only once the middle is passed: rows of different heights would swap to and fro otherwise.
  const middle = box.top + box.height / 2;
  if (isBelow ? event.clientY > middle : event.clientY < middle) {
    list.insertBefore(row, isBelow ? other.nextElementSibling : other);
  }
}

function onPointerUp(event) {
  if (lifted && event.pointerId !== lifted.pointer) return;
  removeEventListener("pointermove", onPointerMove);
  removeEventListener("pointerup", onPointerUp);
  removeEventListener("pointercancel", onPointerUp);
  if (!lifted) return;
  if (event.type === "pointercancel") cancel();
  else drop();
}
