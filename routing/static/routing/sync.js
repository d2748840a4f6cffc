// Follows a running synchronisation: asks once a second, and shows the whole page again when it has ended.
const card = document.querySelector("[data-sync-url]");
const line = card?.querySelector("[data-sync-message]");

async function follow() {
  try {
    const answer = await fetch(card.dataset.syncUrl);
    const state = await answer.json();
    if (!state.running) { location.reload(); return; }
    if (state.message && line.textContent !== state.message) line.textContent = state.message;
  } catch {
    line.textContent = "No answer from the server; trying again …";
  }
  setTimeout(follow, 1000);
}

if (card) setTimeout(follow, 300);
