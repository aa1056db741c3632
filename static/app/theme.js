// Runs before the first paint: settles the theme and says that scripts run. A page says what its
// reader chose on its root element; the administration, whose root is not ours, in a meta element.
(() => {
  const root = document.documentElement;
  const meta = document.querySelector("meta[name='theme']");
  const chosen = root.dataset.theme ?? meta?.content ?? "system";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const settle = () => {
    const isDark = chosen === "dark" || (chosen === "system" && dark.matches);
    root.dataset.bsTheme = isDark ? "dark" : "light";
  };
  root.dataset.script = "on";
  settle();
  dark.addEventListener("change", settle);
  try {
    if (localStorage.getItem("nav") === "rail") root.dataset.nav = "rail";
  } catch {
    // Storage may be forbidden; the navigation is then wide.
  }
})();
