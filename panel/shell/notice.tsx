/** A page that has only one thing to say: loading, nobody there, nothing here. */
import { say } from '../words/language.ts';

export function PlainPage({ text, home = false }: { readonly text: string; readonly home?: boolean }) {
  return (
    <main class="plain-page">
      <p role="status">{text}</p>
      {home && (
        <a class="button" href="/">
          {say('load.home')}
        </a>
      )}
    </main>
  );
}
