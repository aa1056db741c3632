// Runs before the first paint: settles the theme "system" and says that scripts run.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const settle = () => {
    root.dataset.bsTheme = dark.matches ? "dark" : "light";
  };
  root.dataset.script = "on";
  if (root.dataset.theme === "system") {
    settle();
    dark.addEventListener("change", settle);
  }
  try {
    if (localStorage.getItem("nav") === "rail") root.dataset.nav = "rail";
  } catch {
    // Storage may be forbidden; the navigation is then wide.
  }
})();
