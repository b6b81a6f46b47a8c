/** Ordinary links to pages of this application stay ordinary links (new tab, copy address) and are followed without a reload. */
export function followLinks(goTo: (path: string) => void): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="/"]') : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute('target')) return;
    event.preventDefault();
    goTo(link.getAttribute('href') ?? '/');
  });
}
