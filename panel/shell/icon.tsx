/** The panel's own icons: plain shapes drawn in the text colour, so that a state is never told by colour alone. */
import type { ComponentChildren } from 'preact';

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 2,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

const shapes = {
  camera: <path {...stroke} d="M3 7h11v10H3zM14 11l6-3.5v9L14 13z" />,
  microphone: (
    <path {...stroke} d="M9 5a3 3 0 0 1 6 0v6a3 3 0 0 1-6 0zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21M8.5 21h7" />
  ),
  ready: <path {...stroke} d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.5l3 3 5.5-6.5" />,
  asleep: <path {...stroke} d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2" />,
  waiting: <path {...stroke} d="M7 3h10M7 21h10M8 3v4.5L12 12l4-4.5V3M8 21v-4.5L12 12l4 4.5V21" />,
  recording: (
    <>
      <circle cx="12" cy="12" r="9.5" fill="#fff" />
      <circle class="rec-dot" cx="12" cy="12" r="5.5" fill="#c8202a" />
    </>
  ),
  fault: <path {...stroke} d="M12 3.5 22 20.5H2zM12 10v5M12 17.7v.3" />,
  stop: <rect x="6" y="6" width="12" height="12" rx="1.5" fill="currentColor" />,
  start: <circle cx="12" cy="12" r="7" fill="currentColor" />,
  done: <path {...stroke} d="M5 3h9l5 5v13H5zM8.5 14l2.5 2.5 4.5-5" />,
  saving: <path {...stroke} d="M12 3v11M7.5 9.5 12 14l4.5-4.5M4 17v4h16v-4" />,
  unlinked: (
    <path
      {...stroke}
      d="M9 15l-2 2a3.5 3.5 0 0 1-5-5l3-3M15 9l2-2a3.5 3.5 0 0 1 5 5l-3 3M8 3l1 3M3 8l3 1M16 21l-1-3M21 16l-3-1"
    />
  ),
  lost: <path {...stroke} d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8.5 8.5l7 7M15.5 8.5l-7 7" />,
  refused: <path {...stroke} d="M5 11h14v10H5zM8 11V7.5a4 4 0 0 1 8 0V11M12 15v2.5" />,
  check: <path {...stroke} stroke-width="3" d="M4.5 12.5l5 5 10-11" />,
  cross: <path {...stroke} stroke-width="3" d="M6 6l12 12M18 6 6 18" />,
  dots: (
    <>
      <circle cx="5" cy="12" r="2" fill="currentColor" />
      <circle cx="12" cy="12" r="2" fill="currentColor" />
      <circle cx="19" cy="12" r="2" fill="currentColor" />
    </>
  ),
  disk: <path {...stroke} d="M4 4h16v16H4zM8 4v5h8V4M8 20v-6h8v6" />,
  recorder: <path {...stroke} d="M3 6h18v12H3zM7 15h5M17 12v.1" />,
  centre: <path {...stroke} d="M7 18a4.5 4.5 0 0 1-.5-9A6 6 0 0 1 18 10a4 4 0 0 1-.5 8z" />,
  bell: <path {...stroke} d="M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4" />,
  person: <path {...stroke} d="M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c1-5 4-6.5 8-6.5s7 1.5 8 6.5" />,
  erase: <path {...stroke} d="M9 5h12v14H9l-6-7zM12 9l6 6M18 9l-6 6" />,
  play: <path fill="currentColor" d="M6 3.5v17l15-8.5z" />,
  pause: <path fill="currentColor" d="M5 4h5v16H5zM14 4h5v16h-5z" />,
  plus: <path {...stroke} stroke-width="2.5" d="M12 5v14M5 12h14" />,
  pen: <path {...stroke} d="M4 20l1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8 18.5zM14.5 6l3 3" />,
  evidence: <path {...stroke} d="M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7" />,
  objection: <path {...stroke} d="M5 21V4h11l-2 4 2 4H5" />,
  statement: <path {...stroke} d="M4 5h16v11H11l-5 4v-4H4zM8 9h8M8 12h5" />,
  quarrel: <path {...stroke} d="M13 2 5 13.5h6L10 22l9-12h-6.5z" />,
  sound: <path {...stroke} d="M3 9v6h4l5 4V5L7 9zM16 8.5a5 5 0 0 1 0 7M18.5 6a9 9 0 0 1 0 12" />,
} as const satisfies Readonly<Record<string, ComponentChildren>>;

export type IconName = keyof typeof shapes;

export function Icon({ name, class: more }: { readonly name: IconName; readonly class?: string }) {
  return (
    <svg class={`icon ${more ?? ''}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}
