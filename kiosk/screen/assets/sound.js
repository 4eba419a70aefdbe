// Earcons, made here: [frequency in Hz, start in s, length in s]. A browser may keep
// silent until it is touched; the kiosk is started with sound allowed.
const TONES = {
  go: { notes: [[659, 0, .14], [988, .15, .3]] },
  refer: { notes: [[523, 0, .2], [523, .32, .2]] },
  retry: { notes: [[294, 0, .34]] },
  alarm: { notes: [[740, 0, .22], [587, .28, .22]], every: 1100 },
  evacuation: { sweep: [500, 1200, .8], every: 1000 },
};
let audio, again;

export function hush() {
  clearInterval(again);
  again = undefined;
}

// play sounds a tone and says whether it has one; alarm and evacuation go on until the
// next play or hush.
export function play(name, volume) {
  hush();
  const tone = TONES[name];
  if (!tone || !(volume > 0)) return false;
  audio ??= new AudioContext();
  audio.resume().catch(() => {}); // refused until somebody touches the page
  const once = () => sound(tone, Math.min(volume, 1));
  once();
  if (tone.every) again = setInterval(once, tone.every);
  return true;
}

function sound(tone, volume) {
  for (const [hz, at, long] of tone.notes ?? []) note(hz, hz, at, long, volume);
  if (tone.sweep) note(tone.sweep[0], tone.sweep[1], 0, tone.sweep[2], volume);
}

function note(from, to, at, long, volume) {
  const start = audio.currentTime + at, voice = audio.createOscillator(), level = audio.createGain();
  voice.type = 'triangle';
  voice.frequency.setValueAtTime(from, start);
  voice.frequency.linearRampToValueAtTime(to, start + long);
  level.gain.setValueAtTime(0, start);
  level.gain.linearRampToValueAtTime(volume, start + .015);
  level.gain.setValueAtTime(volume, start + long - .06);
  level.gain.linearRampToValueAtTime(0, start + long);
  voice.connect(level).connect(audio.destination);
  voice.start(start);
  voice.stop(start + long);
}
