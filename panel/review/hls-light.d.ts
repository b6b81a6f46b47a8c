// The light build (no subtitles, no alternate audio, no DRM) ships without a declaration of its own; its surface is a part of the full one.
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
