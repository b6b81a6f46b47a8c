/**
 * `/hall/:display`: the sign of a hall. Its words stand in the page itself and stay whatever happens to the controller and the
 * network; this script only keeps a copy of the page for the next start, follows a change of the wording, and says what was painted.
 */
import type { SiteView } from '../../controller/api/contract.ts';
import type { DisplayView, PaintedRequest } from '../../controller/api/contract-display.ts';
import { holderOf } from '../sign/holder.ts';
import { framePainted, Held, readShown } from '../sign/painted.ts';
import { keepPage } from './keep-page.ts';

const HEARTBEAT_MS = 2_000;
const REQUEST_LIMIT_MS = 4_000;
const WORDS_KEY = 'quancheng.hall-words';
/** A screen shows the same page for months; a new version of the controller is noticed after this long at the latest. */
const VERSION_EVERY_MS = 10 * 60_000;

interface Words {
  readonly zh: string;
  readonly en: string;
}

const display = decodeURIComponent(location.pathname.split('/').filter(Boolean)[1] ?? '');
const holder = holderOf();
const held = new Held();
let key: string | null = null;
let isKept = false;

function showWords(words: Words): void {
  for (const language of ['zh', 'en'] as const) {
    const line = document.querySelector(`[data-words=${language}]`);
    // An empty wording would leave a bare wall: the one that stands there is better.
    if (line !== null && words[language] !== '' && line.textContent !== words[language])
      line.textContent = words[language];
  }
}

function rememberedWords(): Words | null {
  try {
    const { zh, en } = JSON.parse(localStorage.getItem(WORDS_KEY) ?? 'null') as Words;
    return typeof zh === 'string' && typeof en === 'string' ? { zh, en } : null;
  } catch {
    return null;
  }
}

function remember(words: Words): void {
  try {
    localStorage.setItem(WORDS_KEY, JSON.stringify(words));
  } catch {
    // Without a memory the words of the page itself are shown.
  }
}

/** Asks, or says what was painted; answers null when nobody is there. */
async function ask<T>(path: string, body?: PaintedRequest): Promise<T | null> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

/** The page is loaded anew when the controller has become another version; what was kept comes up if it fails in between. */
async function followVersion(): Promise<void> {
  let before: string | null = null;
  for (;;) {
    const site: SiteView | null = await ask<SiteView>('/site');
    if (site !== null && before !== null && site.version !== before) location.reload();
    before = site?.version ?? before;
    await new Promise((resolve) => setTimeout(resolve, VERSION_EVERY_MS));
  }
}

function take(view: DisplayView | null): void {
  if (view === null) return;
  key = view.key;
  if (view.notice === null) return;
  const words = { zh: view.notice.zh, en: view.notice.en };
  showWords(words);
  remember(words);
}

async function beat(): Promise<void> {
  if (!(await framePainted())) return;
  const shown = readShown(document);
  const heldMs = held.observe(shown.lines, performance.now());
  const path = `/displays/${encodeURIComponent(display)}`;
  if (key === null) take(await ask<DisplayView>(path));
  else {
    const answer = await ask<DisplayView>(`${path}/painted`, { ...shown, holder, key, face: 'hall', heldMs, isKept });
    // A screen that nobody paired is not believed, and is told all the same what it should show.
    take(answer ?? (await ask<DisplayView>(path)));
  }
}

async function run(): Promise<void> {
  for (;;) {
    await beat();
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
  }
}

const remembered = rememberedWords();
if (remembered !== null) showWords(remembered);
void keepPage().then((kept) => {
  isKept = kept;
  document.documentElement.dataset['kept'] = String(kept);
});
void run();
void followVersion();
