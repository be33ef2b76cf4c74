export type Theme = "system" | "light" | "dark";

const key = "ltb.theme";

export function theme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** Shows the page in a theme and remembers it; without one, in the one that was chosen last. */
export function applyTheme(chosen = theme()): void {
  if (chosen === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, chosen);
  document.documentElement.style.colorScheme = chosen === "system" ? "light dark" : chosen;
}
