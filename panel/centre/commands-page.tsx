/** `/commands`: what was wanted of all sites, newest first. */
import { say } from '../words/language.ts';
import { useAsked } from './asked.ts';
import { CommandTable } from './command-table.tsx';
import { Frame } from './frame.tsx';
import { getCommands } from './rest.ts';

const askAll = () => getCommands(null);

export function CommandsPage() {
  const { value, note, act } = useAsked(askAll);
  return (
    <Frame path={[[say('centre.commands'), '/commands']]} note={note}>
      <h1>{say('centre.commands')}</h1>
      {value === null ? <p>{say('load.waiting')}</p> : <CommandTable commands={value.commands} act={act} isAll />}
    </Frame>
  );
}
