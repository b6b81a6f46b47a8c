/** Where somebody is logged in, since when, and how. */
import type { LoginView } from '../../controller/api/contract-people.ts';
import { dateText, timeText } from '../shell/clock.ts';
import { nameOf, say } from '../words/language.ts';
import { browserName } from './browser-name.ts';

interface Props {
  readonly logins: readonly LoginView[];
  readonly onEnd: (login: string) => void;
}

export function LoginTable({ logins, onEnd }: Props) {
  return (
    <div class="table-scroll">
      <table class="lines">
        <thead>
          <tr>
            <th>{say('logins.where')}</th>
            <th>{say('logins.how')}</th>
            <th>{say('logins.since')}</th>
            <th>{say('logins.used')}</th>
            <th>{say('logins.browser')}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {logins.map((login) => (
            <tr key={login.id} data-login={login.id} data-mine={login.isMine}>
              <td>{whereText(login)}</td>
              <td>{say(`logins.${login.how}`)}</td>
              <td class="tabular">{momentText(login.since)}</td>
              <td class="tabular">{momentText(login.lastUseAt)}</td>
              <td title={login.agent}>{browserName(login.agent) || say('logins.unknown')}</td>
              <td>
                {login.isMine ? (
                  say('logins.mine')
                ) : (
                  <button type="button" class="quiet" data-end={login.id} onClick={() => onEnd(login.id)}>
                    {say('logins.end')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function momentText(utcMs: number): string {
  return `${dateText(utcMs)} ${timeText(utcMs)}`;
}

function whereText({ panel, address }: LoginView): string {
  if (panel === null) return say('logins.other', { address });
  return say('logins.at-panel', { name: panel.name, room: nameOf(panel.room), address });
}
