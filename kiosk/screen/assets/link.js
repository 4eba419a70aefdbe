// The link to the daemon. Every event carries the whole root element, so whoever joins
// late or comes back stands on the truth at once.
const SILENT = 3000; // ms without a word until the page may no longer be believed

// connect calls state(html) with every new root element, beat(data) each second, and
// lost() once when nothing was heard for longer than SILENT. It reconnects for ever.
export function connect(url, { state, beat, lost }) {
  let source, heard = performance.now(), opened, gone = false;
  const word = () => { heard = performance.now(); gone = false; };
  const open = () => {
    source?.close();
    opened = performance.now();
    source = new EventSource(url);
    source.addEventListener('state', (e) => { word(); state(JSON.parse(e.data)); });
    source.addEventListener('beat', (e) => { word(); beat(JSON.parse(e.data)); });
  };
  open();
  setInterval(() => {
    const now = performance.now();
    if (now - heard > SILENT && !gone) { gone = true; lost(); }
    // A stream that failed for good, or hangs, is opened anew.
    const failed = source.readyState === EventSource.CLOSED, hangs = now - heard > SILENT;
    if ((failed || hangs) && now - opened > 1000) open();
  }, 250);
}

// parse gives the element with that id out of the text of one.
export function parse(html, id) {
  return new DOMParser().parseFromString(html, 'text/html').getElementById(id);
}
