/** Where this package lies and which version it is, the same from the sources and from `dist`. Light: nothing else is loaded. */
export { packageRoot, packageVersion } from './package-folder';
