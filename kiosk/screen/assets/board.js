// The attendant's page. The board is swapped whole; where the reader scrolled to stays.
// When the data are older than five seconds it turns grey and says from when they are.
import { connect, parse } from './link.js';
import { hush, play } from './sound.js';

const STALE = 5000;
const stamp = document.getElementById('stamp'), live = document.getElementById('live'), clock = document.getElementById('clock');
const volume = Number(document.body.dataset.volume);
let board = document.getElementById('board'), known = new Set(), tone = '';
let last, heard = performance.now(); // the newest beat, and when it came

function ages() {
  if (!last) return;
  for (const t of board.querySelectorAll('.since')) {
    const s = Math.max(0, Math.floor((last.now - Number(t.dataset.since)) / 1000)), two = (n) => String(n).padStart(2, '0');
    t.textContent = s < 3600 ? two(Math.floor(s / 60)) + ':' + two(s % 60) : Math.floor(s / 3600) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60);
  }
}

function trust() {
  const stale = performance.now() - heard > STALE || last?.stale === true;
  document.documentElement.classList.toggle('stale', stale);
  stamp.hidden = !stale;
  const words = last ? stamp.dataset.stopped.replace('{time}', last.at) : stamp.dataset.silent;
  if (stale && stamp.textContent !== words) stamp.textContent = words;
  if (stale) hush();
}

function call() {
  const now = new Set(board.dataset.urgent.split(' ').filter(Boolean));
  const news = [...now].some((u) => !known.has(u));
  if (news || board.dataset.tone !== tone) {
    tone = board.dataset.tone;
    if (tone) play(tone, volume); else hush();
  }
  if (news) live.textContent = [...board.querySelectorAll('.urgent')].map((u) => u.innerText).join('. ');
  known = now;
}

connect('/events' + location.search, {
  state(html) {
    const at = Object.fromEntries([...board.querySelectorAll('[data-scrolls]')].map((e) => [e.id, e.scrollTop]));
    const focus = document.activeElement?.id;
    const next = parse(html, 'board');
    board.replaceWith(next);
    board = next;
    for (const [id, top] of Object.entries(at)) document.getElementById(id)?.scrollTo(0, top);
    if (focus) document.getElementById(focus)?.focus();
    ages();
    call();
  },
  beat(b) {
    last = b;
    heard = performance.now();
    clock.textContent = b.clock;
    ages();
    trust();
  },
  lost: trust,
});
setInterval(trust, 250);
