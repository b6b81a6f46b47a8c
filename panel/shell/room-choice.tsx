/** `/`: a person with one room goes straight into it, others choose. */
import { useEffect } from 'preact/hooks';
import { nameOf, say } from '../words/language.ts';
import { Header } from './header.tsx';
import { goTo } from './route.ts';
import { me } from './who.ts';

export function RoomChoice() {
  const rooms = me.value?.rooms ?? [];
  const only = rooms.length === 1 ? rooms[0] : undefined;
  useEffect(() => {
    if (only !== undefined) goTo(`/room/${encodeURIComponent(only.id)}`, 'replace');
  }, [only]);
  if (only !== undefined) return null;
  return (
    <div class="page">
      <Header serverNow={null}>
        <nav class="header-nav">
          <a href="/review">{say('nav.review')}</a>
        </nav>
      </Header>
      <main class="choice">
        <h1>{rooms.length === 0 ? say('rooms.none') : say('rooms.choose')}</h1>
        <div class="choice-grid">
          {rooms.map((room) => (
            <a key={room.id} class="choice-button" href={`/room/${encodeURIComponent(room.id)}`}>
              {nameOf(room)}
            </a>
          ))}
        </div>
      </main>
    </div>
  );
}
