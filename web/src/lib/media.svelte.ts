// Whether the page is on a phone (below 640 px).
const query = matchMedia('(max-width: 639px)');

class Media {
  narrow = $state(query.matches);
  constructor() { query.addEventListener('change', () => { this.narrow = query.matches; }); }
}

export const media = new Media();
