import { parseRoute, routeHash } from './route';

test.each([
  ['', { view: 'live', query: {} }],
  ['#/', { view: 'live', query: {} }],
  ['#/nowhere/4', { view: 'live', query: {} }],
  ['#/maps', { view: 'maps', query: {} }],
  ['#/maps/12?node=node-1', { view: 'maps', id: '12', query: { node: 'node-1' } }],
  ['#/sessions/a%2Fb', { view: 'sessions', id: 'a/b', query: {} }],
  ['#/sessions/%E0%A4%A', { view: 'sessions', id: '%E0%A4%A', query: {} }],
])('%s is %j', (hash, route) => expect(parseRoute(hash)).toEqual(route));

test.each([
  [routeHash('live'), '#/live'],
  [routeHash('maps', 3), '#/maps/3'],
  [routeHash('live', undefined, { program: 'on exec', pod: '' }), '#/live?program=on+exec'],
])('%s leads where it should', (hash, expected) => expect(hash).toBe(expected));

test('a route survives the way through the address', () => {
  const hash = routeHash('sessions', 'x/ y?', { text: 'a&b=c' });
  expect(parseRoute(hash)).toEqual({ view: 'sessions', id: 'x/ y?', query: { text: 'a&b=c' } });
});
