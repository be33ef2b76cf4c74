const setting = "ltb.keys";

/** Whether single keys do something. WCAG 2.1.4 asks that they can be switched off. */
export function keysAreOn(): boolean {
  return localStorage.getItem(setting) !== "off";
}

export function switchKeys(on: boolean): void {
  if (on) localStorage.removeItem(setting);
  else localStorage.setItem(setting, "off");
}
