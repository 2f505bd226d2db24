/** The text of `--help`. */
export const usage = `Usage: afunix COMMAND [OPTIONS] [ADDRESS] [DATA]

  listen ADDRESS        waits for a peer and talks to it: what it sends goes to
                        stdout, stdin goes to it
  connect ADDRESS       talks to who listens there, in the same way
  send ADDRESS [DATA]   sends DATA, or all of stdin
  receive ADDRESS       prints one message, or all that one connection brings
  info                  tells of this package, this system and its kernel

An ADDRESS is a path, or @NAME, an abstract one (Linux).

  -t, --type TYPE   stream (the default), dgram or seqpacket
  -f, --fd FILE     listen, connect, send: passes FILE, open for reading, with
                    the first bytes; may be repeated
  -x, --hex         bytes are hex digits: on stdout, in DATA, in stdin's lines
  -k, --keep        receive: goes on with the next, until it is interrupted
  -m, --mode MODE   listen, receive: the path's mode, such as 600
  -r, --replace     listen, receive: takes the path if its last owner is dead
  -q, --quiet       says nothing about peers and descriptors on stderr
  -h, --help        prints this
  -v, --version     prints the version

With dgram and seqpacket, listen and connect send each line of stdin as a
message, and print each message as a line. send and receive take and print the
bytes as they are.

Exit code: 0, 1 when something failed, 2 for wrong arguments.
`;
