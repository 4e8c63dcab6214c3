// Light or dark: as the system has it, until somebody chooses. Loaded before anything is painted.

export type Theme = "light" | "dark";

const KEY = "rollgate-theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | undefined {
  try {
    const value = window.localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    // Storage may be forbidden: then a choice lasts as long as the page.
    return undefined;
  }
}

/** The theme that is shown. */
export function theme(): Theme {
  const root = document.documentElement.dataset.theme;
  return root === "light" || root === "dark" ? root : system.matches ? "dark" : "light";
}

export function choose(next: Theme): void {
  document.documentElement.dataset.theme = next;
  try {
    window.localStorage.setItem(KEY, next);
  } catch {
    // See above.
  }
}

/** Shows what was chosen at an earlier visit. */
export function recall(): void {
  const value = chosen();
  if (value) document.documentElement.dataset.theme = value;
}

/** Calls `act` now and whenever the theme changes. */
export function onTheme(act: (theme: Theme) => void): void {
  const tell = () => act(theme());
  system.addEventListener("change", tell);
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  tell();
}
