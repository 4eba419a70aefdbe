// Each message carries everything, so a late reader sees what the others do.
const body = document.getElementById('passages');
const trouble = document.getElementById('trouble');

const laneOf = (element) => element.closest('[data-lane]')?.dataset.lane ?? '';

new EventSource('/now').onmessage = (event) => {
  const now = JSON.parse(event.data);
  body.replaceChildren(...(now.passages ?? []).reverse().map(row));
  for (const figure of document.querySelectorAll('[data-lane]')) {
    const seen = now.seen[figure.dataset.lane];
    if (seen) figure.querySelector('.seen').textContent = words(seen);
  }
  for (const button of document.querySelectorAll('[aria-pressed]')) {
    button.setAttribute('aria-pressed', Boolean(now.pressed[`${laneOf(button)}/${button.dataset.fault}`]));
  }
};

function row(p) {
  const tr = document.createElement('tr');
  tr.dataset.saw = p.saw || 'nothing';
  for (const text of [p.id, p.lane, p.who, p.saw || '–', p.end, p.ms]) {
    tr.insertCell().textContent = text;
  }
  return tr;
}

function words(seen) {
  const all = [`leaf ${seen.leaf}`, `lamp ${seen.flashing ? `${seen.flashing} flashing` : seen.lamp || 'dark'}`];
  if (seen.beams) all.push('beam broken');
  if (seen.buzzer) all.push('buzzer');
  if (seen.fire) all.push('fire contact open');
  if (!seen.heartbeat) all.push('no heartbeat');
  if (seen.way_out_free) all.push('way out free');
  return all.join(' · ');
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-fault]');
  if (!button) return;
  const press = { lane: laneOf(button), name: button.dataset.fault, on: button.getAttribute('aria-pressed') !== 'true' };
  const answer = await fetch('/press', { method: 'POST', body: JSON.stringify(press) });
  trouble.textContent = answer.ok ? '' : await answer.text();
});
