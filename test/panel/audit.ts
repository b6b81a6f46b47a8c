/**
 * What every screen must hold, looked up in the painted page: nothing scrolls the page, every target is large enough, every text has
 * the contrast of WCAG 2.2 AA against what really lies behind it, everything that can be used has a name, no label is cut off.
 */
import type { Page } from 'playwright-core';

/** CSS pixels. A target below this is not hit by a hand in a hurry. */
const TARGET_PX = 56;

/** Runs inside the page, so it is text; it answers a list of faults in words. */
const AUDIT = String.raw`(targetPx) => {
  const faults = [];
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility === 'visible' && style.opacity !== '0';
  };
  const nameOf = (element) => {
    const text = (element.textContent || '').trim().slice(0, 30);
    return element.tagName.toLowerCase() + (element.className && typeof element.className === 'string' ? '.' + element.className : '') + ' “' + text + '”';
  };
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth + 1 || root.scrollHeight > innerHeight + 1) {
    faults.push('the page scrolls: ' + root.scrollWidth + '×' + root.scrollHeight);
  }
  const modal = document.querySelector('dialog[open]');
  const covers = modal ? [] : [...document.querySelectorAll('.sheet')];
  const isUnder = (element) => {
    if (modal) return !modal.contains(element);
    return covers.some((sheet) => !sheet.contains(element) && sheet.parentElement.contains(element) && !element.closest('.act-note'));
  };
  for (const element of document.querySelectorAll('button, a[href], input, select, textarea')) {
    if (!seen(element) || isUnder(element) || element.type === 'radio' || element.type === 'file') continue;
    const box = element.getBoundingClientRect();
    if (Math.min(box.width, box.height) < targetPx - 0.5) {
      faults.push('too small, ' + Math.round(box.width) + '×' + Math.round(box.height) + ': ' + nameOf(element));
    }
    const named = element.getAttribute('aria-label') || (element.textContent || '').trim() || element.labels?.[0]?.textContent
      || element.closest('label, fieldset')?.textContent;
    if (!named) faults.push('no name: ' + nameOf(element));
  }
  for (const image of document.querySelectorAll('img:not([alt])')) faults.push('a picture without words: ' + nameOf(image));

  const cut = '.act-label, .face-word, .face-elapsed, .mark-name, .mark-at, .tab, .tool:not(.newest-mark), .big-choice, .chip, .sheet-head h2, '
    + '.sheet-finish, .sheet-out, .kind span, .docket-state, .proof-item > span, .face-sub, .stream-state, .foot-item:not(.foot-alarms), .stop-dialog button';
  for (const element of document.querySelectorAll(cut)) {
    if (!seen(element) || isUnder(element)) continue;
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') faults.push('cut off: ' + nameOf(element));
    const box = element.getBoundingClientRect();
    const frame = (element.closest('.act-button, .mark, .face, .sheet-head, .foot, .docket-row, .stream, .tabs, .tools, .steps') || document.body).getBoundingClientRect();
    if (box.right > frame.right + 1 || box.left < frame.left - 1) faults.push('sticks out: ' + nameOf(element));
  }

  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element || !seen(element) || isUnder(element) || element.closest('.unseen, option, .still, .check-play')) continue;
    const layers = [];
    let opacity = 1;
    for (let up = element; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      opacity *= Number(style.opacity);
      const color = parse(style.backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] === 1 || up === modal) break;
    }
    const ground = layers.reverse().reduce((below, top) => over(top, below), [238, 241, 244, 1]);
    const style = getComputedStyle(element);
    const ink = parse(style.color);
    const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity], ground);
    const [a, b] = [light(shown), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const px = parseFloat(style.fontSize);
    const isLarge = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    const key = element.className + style.color;
    if (ratio < (isLarge ? 3 : 4.5) && !told.has(key)) {
      told.add(key);
      faults.push('contrast ' + ratio.toFixed(2) + ': ' + nameOf(element) + ' ' + style.color + ' on ' + ground.slice(0, 3).map(Math.round));
    }
  }
  return faults;
}`;

/** Every fault of what is painted now, in words. */
export async function faultsOf(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(${AUDIT})(${TARGET_PX})`)) as readonly string[];
}

const FIXED = '.header, .face, .body, .streams, .act-button, .foot';

/** Where everything lies that must never move. */
export async function placesOf(page: Page): Promise<string> {
  return (await page.evaluate(
    `[...document.querySelectorAll('${FIXED}')].map((one) => { const box = one.getBoundingClientRect(); return [one.className.split(' ')[0], box.x, box.y, box.width, box.height].map((n) => typeof n === 'number' ? Math.round(n) : n).join(' '); }).join('\\n')`,
  )) as string;
}
