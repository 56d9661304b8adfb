import type { Method, Route } from './route.ts';

/** All that is served at one path shape. */
export interface Place {
  readonly routes: ReadonlyMap<string, PlacedRoute>;
  /** What an `Allow` header says. */
  readonly allow: string;
  /** Whether browsers of other origins may call any of its routes. */
  readonly cors: boolean;
}

export interface PlacedRoute {
  readonly route: Route;
  /** Names of its path parameters, in order; two routes of one shape may call them differently. */
  readonly parameters: readonly string[];
}

export interface Found {
  readonly place: Place;
  /** The segments that stand for parameters, in order, as they were sent. */
  readonly values: readonly string[];
}

export interface RouteTable {
  /** The place at a path, and what stands at its parameters; a word of a route wins over a parameter. */
  find(path: string): Found | undefined;
}

interface Node {
  readonly words: Map<string, Node>;
  parameter: Node | undefined;
  routes: Map<string, PlacedRoute> | undefined;
  place: Place | undefined;
}

const NOTHING: readonly string[] = Object.freeze([]);

/**
 * A table of all routes by path. One trailing slash more or less means the same path; case does not, since paths hold
 * identifiers.
 * @throws Error for two routes of one method and shape.
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const root = newNode();
  for (const route of routes) insert(root, route);
  const fixed = new Map<string, Found>();
  freezePlaces(root, '', fixed);
  return {
    find: (path) => {
      const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
      return fixed.get(plain) ?? walk(root, plain.split('/'), 1, []);
    },
  };
}

function newNode(): Node {
  return { words: new Map(), parameter: undefined, routes: undefined, place: undefined };
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1);
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

function insert(root: Node, route: Route): void {
  const segments = segmentsOf(route.path);
  let node = root;
  for (const segment of segments) node = isParameter(segment) ? (node.parameter ??= newNode()) : wordOf(node, segment);
  const method = route.method.toUpperCase();
  node.routes ??= new Map();
  if (node.routes.has(method)) throw new Error(`${route.operationId}: ${method} ${route.path} is there already`);
  const parameters = segments.filter(isParameter).map((segment) => segment.slice(1, -1));
  node.routes.set(method, { route, parameters });
}

function wordOf(node: Node, segment: string): Node {
  const known = node.words.get(segment) ?? newNode();
  node.words.set(segment, known);
  return known;
}

/** Ends the building: places are made once, and paths without parameters are found without a walk. */
function freezePlaces(node: Node, path: string | undefined, fixed: Map<string, Found>): void {
  if (node.routes) {
    node.place = placeOf(node.routes);
    if (path !== undefined) fixed.set(path, { place: node.place, values: NOTHING });
  }
  for (const [word, next] of node.words) freezePlaces(next, path === undefined ? undefined : `${path}/${word}`, fixed);
  if (node.parameter) freezePlaces(node.parameter, undefined, fixed);
}

const METHOD_ORDER: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete'];

function placeOf(routes: Map<string, PlacedRoute>): Place {
  const cors = [...routes.values()].some(({ route }) => route.cors === true);
  const methods = METHOD_ORDER.map((method) => method.toUpperCase()).filter((method) => routes.has(method));
  const implied = [...(routes.has('GET') ? ['HEAD'] : []), ...(cors ? ['OPTIONS'] : [])];
  const get = routes.get('GET');
  // A HEAD is answered as the GET; the server leaves the body out.
  return { routes: get ? new Map([...routes, ['HEAD', get]]) : routes, allow: [...methods, ...implied].join(', '), cors };
}

function walk(node: Node, segments: readonly string[], at: number, values: string[]): Found | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.place && { place: node.place, values };
  const word = node.words.get(segment);
  const found = word && walk(word, segments, at + 1, values);
  if (found || !node.parameter || segment === '') return found;
  return walk(node.parameter, segments, at + 1, [...values, segment]);
}
