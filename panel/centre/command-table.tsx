/** Commands, newest first: what was wanted of which site, by whom, and how far it is. */
import { useState } from 'preact/hooks';
import type { CommandView } from '../../controller/api/contract-centre.ts';
import { ConfirmDialog, type Question } from '../people/confirm-dialog.tsx';
import { sizeText } from '../shell/clock.ts';
import { say } from '../words/language.ts';
import { rangeAddress, sessionAddress, siteAddress } from './address.ts';
import type { Asked } from './asked.ts';
import { momentText } from './frame.tsx';
import { cancelCommand, giveCommand } from './rest.ts';
import { commandState, commandTrouble, commandType } from './session-words.ts';
import { me } from './who.ts';

interface Props {
  readonly commands: readonly CommandView[];
  readonly act: Asked<unknown>['act'];
  /** Commands of several sites are shown. */
  readonly isAll?: boolean;
}

export function CommandTable({ commands, act, isAll = false }: Props) {
  const [question, ask] = useState<Question | null>(null);
  const isAdministrator = me.value?.role === 'administrator';
  const released = new Set(commands.filter(({ type }) => type === 'release').map(({ target }) => target));
  if (commands.length === 0) return <p class="soft">{say('command.none')}</p>;
  return (
    <div class="table-scroll">
      <table class="rows" data-commands>
        <thead>
          <tr>
            <th>{say('command.given-at')}</th>
            {isAll && <th>{say('centre.site')}</th>}
            <th>{say('command.what')}</th>
            <th>{say('command.who')}</th>
            <th>{say('centre.state')}</th>
            <th>{say('command.progress')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {commands.map((command) => (
            <tr key={command.id} data-command={command.id} data-status={command.status}>
              <td class="tabular">{momentText(command.givenAt)}</td>
              {isAll && (
                <td>
                  <a href={siteAddress(command.site)}>{command.site}</a>
                </td>
              )}
              <td>
                {commandType(command.type)} <Meant command={command} />
                {command.reason !== null && <small>{command.reason}</small>}
              </td>
              <td>{command.actor ?? say('command.centre')}</td>
              <td data-grave={['failed', 'rejected', 'expired', 'given-up'].includes(command.status)}>
                {commandState(command)}
                <small>{commandTrouble(command)}</small>
              </td>
              <td class="command-progress">
                <Progress command={command} />
              </td>
              <td>
                {command.endedAt === null && command.type === 'fetch' && (
                  <button
                    type="button"
                    class="button"
                    data-cancel={command.id}
                    onClick={() =>
                      ask({
                        title: say('command.cancel-title'),
                        text: say('command.cancel-text'),
                        yes: say('command.cancel'),
                        onYes: () => void act(() => cancelCommand(command.id)),
                      })
                    }
                  >
                    {say('command.cancel')}
                  </button>
                )}
                {isAdministrator && command.type === 'hold' && !released.has(command.id) && (
                  <button
                    type="button"
                    class="button"
                    data-release={command.id}
                    onClick={() =>
                      ask({
                        title: say('command.release-title'),
                        text: say('command.release-text'),
                        yes: say('command.type-release'),
                        onYes: () => void act(() => giveCommand(command.site, { type: 'release', target: command.id })),
                      })
                    }
                  >
                    {say('command.type-release')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {question !== null && <ConfirmDialog question={question} onClose={() => ask(null)} />}
    </div>
  );
}

/** What a command is about, with a link to it. */
function Meant({ command }: { readonly command: CommandView }) {
  const { site, session, from, to, streams } = command;
  const which = streams === null ? '' : ` · ${streams.join(' ')}`;
  if (session !== null)
    return (
      <a href={sessionAddress(site, session)}>
        {say('command.session')} {session.slice(-6)}
        {which}
      </a>
    );
  if (from === null || to === null) return null;
  return (
    <a class="tabular" href={rangeAddress(site, from, to)}>
      {momentText(from)} – {momentText(to)}
      {which}
    </a>
  );
}

export function Progress({ command }: { readonly command: CommandView }) {
  const { plan, done, items, status } = command;
  if (plan === null && done === null) return null;
  const here = (items['have-receipt'] ?? 0) + (items['sent'] ?? 0);
  const total = plan?.segments ?? 0;
  const n = Math.min(Math.max(done?.segments ?? 0, here), Math.max(total, here));
  return (
    <>
      <progress
        class="progress"
        max={Math.max(1, total)}
        value={status === 'successful' ? Math.max(1, total) : n}
        aria-label={say('command.progress')}
      />
      <small class="tabular">
        {say('command.progress-n', { n, total: Math.max(total, n) })} {plan === null ? '' : sizeText(plan.bytes)}
      </small>
    </>
  );
}
