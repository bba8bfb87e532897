// The theme that was chosen last; without a choice the system's preference holds (see src/state/theme.ts).
try {
  const chosen = localStorage.getItem('probed.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden; the system's preference holds then.
}
