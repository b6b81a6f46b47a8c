/**
 * `/display/:id`: a display of the site. Shows what the controller asks for, says what it has really painted, and speaks the notice
 * when it has a loudspeaker. Out of touch it says that it does not know.
 */
import './sign.css';
import { useEffect, useMemo } from 'preact/hooks';
import { reloadIfUpgraded } from '../shell/who.ts';
import { DisplayLink } from '../wire/display-link.ts';
import { sentence } from '../words/say.ts';
import { framePainted, Held, readShown } from './painted.ts';
import { SignBody } from './sign-body.tsx';
import { signFaceOf } from './sign-face.ts';
import { Speaker } from './speaker.ts';

/** Said again this often when nothing changed. */
const HEARTBEAT_MS = 2_000;

export function DisplayPage({ display }: { readonly display: string }) {
  const link = useMemo(() => new DisplayLink(display), [display]);
  const proof = useMemo(() => new Proof(link), [link]);
  const speaker = useMemo(() => new Speaker((speak, outcome) => void link.spoken({ speak, outcome })), [link]);
  useEffect(() => {
    link.start(() => void reloadIfUpgraded());
    const timer = setInterval(() => void proof.say(), HEARTBEAT_MS);
    return () => {
      clearInterval(timer);
      speaker.close();
      link.close();
    };
  }, [link, proof, speaker]);

  const view = link.view.value;
  const face = signFaceOf(view?.face ?? null, link.silent.value);
  const key = face === 'unknown' ? null : (view?.key ?? null);
  const speak = view?.speak ?? null;
  useEffect(() => {
    void proof.say();
  }, [proof, face, key]);
  useEffect(() => speaker.follow(speak), [speaker, speak?.id]);

  const refusal = link.refusal.value;
  if (view === null && refusal === 'display-unknown') {
    return <main class="plain-page">{sentence('zh', 'sign.no-display')}</main>;
  }
  return (
    <div data-display={display} data-key={key ?? ''} data-refusal={refusal ?? ''}>
      <SignBody
        face={face}
        room={view?.room ?? null}
        since={view?.since ?? null}
        serverNow={link.serverNow.value}
        notice={view?.notice ?? null}
        next={view?.next ?? null}
      />
      {refusal === 'display-taken' && <p class="sign-corner">{sentence('zh', 'sign.taken')}</p>}
      {refusal === 'panel-not-paired' && <p class="sign-corner">{sentence('zh', 'sign.unpaired')}</p>}
    </div>
  );
}

/** One acknowledgement at a time; a change while one is on its way is said behind it. */
class Proof {
  readonly #link: DisplayLink;
  readonly #held = new Held();
  #isSaying = false;
  #again = false;

  constructor(link: DisplayLink) {
    this.#link = link;
  }

  async say(): Promise<void> {
    if (this.#isSaying) {
      this.#again = true;
      return;
    }
    this.#isSaying = true;
    try {
      do {
        this.#again = false;
        await this.#sayOnce();
      } while (this.#again);
    } finally {
      this.#isSaying = false;
    }
  }

  async #sayOnce(): Promise<void> {
    if (!(await framePainted())) return;
    // Read together, in one go: what the page claims and what stands in it.
    const page = document.querySelector('[data-display]');
    const face = page?.querySelector<HTMLElement>('[data-sign]')?.dataset['sign'];
    // Before it has heard anything, a page has nothing to acknowledge.
    if (page === null || face === undefined || this.#link.view.peek() === null) return;
    const key = (page as HTMLElement).dataset['key'] ?? '';
    const shown = readShown(page);
    const heldMs = this.#held.observe(shown.lines, performance.now());
    await this.#link.painted({ ...shown, face: face as never, key: key === '' ? null : key, heldMs });
  }
}
