/** Asked for and confirmed, side by side and never mixed up (invariant 1). */
import type { RoomView } from '../../controller/api/contract.ts';
import type { SessionView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say } from '../words/language.ts';

type Mark = 'yes' | 'wait' | 'no' | 'none';
const MARK_ICONS: Readonly<Record<Mark, IconName>> = { yes: 'check', wait: 'dots', no: 'cross', none: 'dots' };

interface Proof {
  readonly mark: Mark;
  readonly text: string;
  readonly at: number | null;
}

function requestOf(session: SessionView | null): Proof {
  if (session === null) return { mark: 'none', text: say('proof.not-requested'), at: null };
  if (session.requested === 'stop') return { mark: 'yes', text: say('proof.requested-stop'), at: session.closedAt };
  return { mark: 'yes', text: say('proof.requested'), at: session.openedAt };
}

function confirmationOf(session: SessionView): Proof {
  switch (session.state) {
    case 'opening':
      return { mark: 'wait', text: say('proof.unconfirmed'), at: null };
    case 'open':
      return session.confirmed
        ? { mark: 'yes', text: say('proof.confirmed'), at: session.confirmedAt }
        : { mark: 'no', text: say('proof.lost'), at: null };
    case 'closing':
      return { mark: 'wait', text: say('proof.saving'), at: null };
    default:
      return { mark: 'yes', text: say('proof.saved'), at: null };
  }
}

function ProofItem({ proof, name }: { readonly proof: Proof; readonly name: string }) {
  return (
    <span class="proof-item" data-mark={proof.mark} data-proof={name}>
      <Icon name={MARK_ICONS[proof.mark]} />
      {proof.text}
      {proof.at !== null && <span class="tabular proof-time">{timeText(proof.at)}</span>}
    </span>
  );
}

export function ProofLine({ view, stale }: { readonly view: RoomView | null; readonly stale: boolean }) {
  const session = view?.session ?? null;
  return (
    <p class="proof" data-stale={stale}>
      {view !== null && <ProofItem proof={requestOf(session)} name="requested" />}
      {session !== null && <ProofItem proof={confirmationOf(session)} name="confirmed" />}
      {(session?.state === 'closed' || session?.state === 'handed-over') && <HandedOver session={session} />}
    </p>
  );
}

function HandedOver({ session }: { readonly session: SessionView }) {
  const { done, total } = session.handOver;
  const whole = session.state === 'handed-over';
  return (
    <span class="proof-item" data-mark={whole ? 'yes' : 'wait'} data-proof="handed-over">
      <Icon name={whole ? 'check' : 'dots'} />
      {say('proof.handed-over')}
      <span class="tabular">
        {done} / {total}
      </span>
      <progress
        max={Math.max(1, total)}
        value={whole ? Math.max(1, total) : done}
        aria-label={say('fact.handed-over')}
      />
    </span>
  );
}
