/** Asked for and confirmed, one below the other and never mixed up (invariant 1). */
import type { SessionView } from '../../controller/api/contract-session.ts';
import { timeText } from '../shell/clock.ts';
import { Icon, type IconName } from '../shell/icon.tsx';
import { say } from '../words/language.ts';

type Mark = 'yes' | 'wait' | 'no';
const MARK_ICONS: Readonly<Record<Mark, IconName>> = { yes: 'check', wait: 'dots', no: 'cross' };

interface Proof {
  readonly mark: Mark;
  readonly text: string;
  readonly more: string;
}

function requestOf(session: SessionView): Proof {
  const isStop = session.requested === 'stop';
  const at = isStop ? (session.closedAt ?? session.openedAt) : session.openedAt;
  const by = isStop ? (session.closedBy ?? '') : session.openedBy;
  return { mark: 'yes', text: say(isStop ? 'proof.requested-stop' : 'proof.requested'), more: `${timeText(at)} ${by}` };
}

function confirmationOf(session: SessionView): Proof {
  switch (session.state) {
    case 'opening':
      return { mark: 'wait', text: say('proof.unconfirmed'), more: '' };
    case 'open':
      return session.confirmed
        ? {
            mark: 'yes',
            text: say('proof.confirmed'),
            more: session.confirmedAt === null ? '' : timeText(session.confirmedAt),
          }
        : { mark: 'no', text: say('proof.lost'), more: '' };
    case 'closing':
      return { mark: 'wait', text: say('proof.saving'), more: '' };
    default:
      return { mark: 'yes', text: say('proof.saved'), more: '' };
  }
}

function ProofLine({ proof, name }: { readonly proof: Proof; readonly name: string }) {
  return (
    <p class="face-line proof-item" data-mark={proof.mark} data-proof={name}>
      <Icon name={MARK_ICONS[proof.mark]} />
      <span>
        {proof.text} <span class="tabular">{proof.more}</span>
      </span>
    </p>
  );
}

export function ProofLines({ session }: { readonly session: SessionView }) {
  return (
    <>
      <ProofLine proof={requestOf(session)} name="requested" />
      <ProofLine proof={confirmationOf(session)} name="confirmed" />
      {(session.state === 'closed' || session.state === 'handed-over') && <HandedOver session={session} />}
    </>
  );
}

function HandedOver({ session }: { readonly session: SessionView }) {
  const { done, total } = session.handOver;
  const isWhole = session.state === 'handed-over';
  return (
    <p class="face-line proof-item" data-mark={isWhole ? 'yes' : 'wait'} data-proof="handed-over">
      <Icon name={isWhole ? 'check' : 'dots'} />
      <span>
        {say('proof.handed-over')}{' '}
        <span class="tabular">
          {done} / {total}
        </span>
      </span>
    </p>
  );
}
