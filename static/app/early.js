// Runs before the body is there. Whoever is quicker than the page presses a key that nothing on it
// hears yet: such keys wait for the scripts. What is typed into a field arrives there by itself.
(() => {
  const kept = [];
  const isTyped = (target) => target.isContentEditable || target.matches?.("input, textarea, select");

  function keep(event) {
    const isForPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (isForPalette) event.preventDefault();
    else if (isTyped(event.target)) return;
    event.stopImmediatePropagation();
    kept.push(event);
  }

  window.addEventListener("keydown", keep, true);
  // Modules have run when this comes.
  document.addEventListener("DOMContentLoaded", () => {
    window.removeEventListener("keydown", keep, true);
    for (const event of kept) {
      const target = event.target.isConnected ? event.target : document.body;
      target.dispatchEvent(new KeyboardEvent("keydown", event));
    }
  });
})();
