/** Plays the few seconds of one stream from a playlist. The player's code is loaded when somebody presses play, not before. */

/** Begins to play, and answers what ends it. `onFailed` is called when it cannot be played. */
export function playOnce(media: HTMLMediaElement, playlist: string, onFailed: () => void): () => void {
  let isOver = false;
  let end = () => {};
  void (async () => {
    const { default: Hls } = await import('hls.js/light');
    if (isOver) return;
    if (!Hls.isSupported()) return onFailed();
    const hls = new Hls({ startPosition: 0, enableWorker: false });
    end = () => hls.destroy();
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (data.fatal) onFailed();
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      media.play().catch(onFailed);
    });
    hls.loadSource(playlist);
    hls.attachMedia(media);
  })().catch(onFailed);
  return () => {
    isOver = true;
    media.pause();
    end();
  };
}
