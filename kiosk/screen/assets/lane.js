// The page of a lane: closed as it arrives, lit by the stream, closed again by itself
// when the stream falls silent. Only the way out stays: it must never shut on a guess.
import { connect, parse } from './link.js';
import { hush, play } from './sound.js';

let stage = document.getElementById('stage'), clock = '', sounded;
const closed = stage.cloneNode(true);
const live = document.getElementById('live');

function put(next) {
  stage.replaceWith(next);
  stage = next;
  tell();
  live.replaceChildren(...[...stage.querySelectorAll('.say [lang]')].map((n) => {
    const line = document.createElement('p');
    line.lang = n.lang;
    line.textContent = n.textContent;
    return line;
  }));
}

function tell() {
  const face = stage.querySelector('.clock');
  if (face) face.textContent = clock;
}

connect('/events', {
  state(html) {
    put(parse(html, 'stage'));
    const { shown, tone, volume } = stage.dataset;
    if (shown === sounded) return;
    sounded = shown;
    play(tone, Number(volume));
  },
  beat(b) {
    clock = b.clock;
    tell();
  },
  lost() {
    clock = '';
    if (stage.dataset.state === 'emergency') return tell();
    hush();
    sounded = undefined;
    put(closed.cloneNode(true));
  },
});
