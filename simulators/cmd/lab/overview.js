// Each message carries all rows, so a late reader sees what the others do.
const body = document.getElementById('passages');
new EventSource('/passages').onmessage = (event) => {
  const rows = (JSON.parse(event.data) ?? []).reverse().map((p) => {
    const tr = document.createElement('tr');
    tr.dataset.saw = p.saw || 'nothing';
    for (const text of [p.id, p.lane, p.who, p.saw || '–', p.end, p.ms]) {
      tr.insertCell().textContent = text;
    }
    return tr;
  });
  body.replaceChildren(...rows);
};
