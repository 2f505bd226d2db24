// The other end of the interop tests: Go's own net package. What it does, and how it is called, is
// written in peer.py, which is the same program in Python.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

const largest = 1 << 18

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func expect(what string, got, wanted []byte) {
	if !bytes.Equal(got, wanted) {
		fail(fmt.Errorf("%s: got %d bytes %.40q, wanted %d %.40q", what, len(got), got, len(wanted), wanted))
	}
}

func pattern(size, seed int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte((i + seed) % 251)
	}
	return data
}

// receive returns one message and the files that came with it. net reports an empty packet as
// io.EOF, as it does the end.
func receive(conn *net.UnixConn) ([]byte, []*os.File, *net.UnixAddr, error) {
	data, oob := make([]byte, largest), make([]byte, 1024)
	n, oobn, _, from, err := conn.ReadMsgUnix(data, oob)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(oob[:oobn])
	fail(err)
	var files []*os.File
	for _, message := range messages {
		fds, err := syscall.ParseUnixRights(&message)
		fail(err)
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return data[:n], files, from, nil
}

func contents(files []*os.File) []byte {
	var all []byte
	for _, file := range files {
		part, err := io.ReadAll(file)
		fail(err)
		fail(file.Close())
		all = append(all, part...)
	}
	return all
}

// send goes to `to`, or to the peer when it is nil. Write would drop an empty packet.
func send(conn *net.UnixConn, data []byte, file *os.File, to *net.UnixAddr) error {
	var rights []byte
	if file != nil {
		rights = syscall.UnixRights(int(file.Fd()))
	}
	_, _, err := conn.WriteMsgUnix(data, rights, to)
	return err
}

// Servers

func echoStream(conn *net.UnixConn) error {
	total, err := io.Copy(conn, struct{ io.Reader }{conn})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "end after %d", total)
	return err
}

func echoPackets(conn *net.UnixConn) error {
	// An empty packet and the end look alike: two in a row are the end.
	for empty := 0; empty < 2; {
		data, _, _, err := receive(conn)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			empty = 0
		} else {
			empty++
		}
		if err := send(conn, data, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

func descriptorsOnce(conn *net.UnixConn) (bool, error) {
	data, files, from, err := receive(conn)
	if err != nil {
		return false, err
	}
	if len(files) > 0 {
		return true, send(conn, contents(files), nil, from)
	}
	if len(data) == 0 {
		return false, nil
	}
	file, err := os.Open(string(data))
	fail(err)
	defer file.Close()
	return true, send(conn, []byte("opened"), file, from)
}

func serveConnection(conn *net.UnixConn, network, mode string) {
	defer conn.Close()
	var err error
	switch {
	case mode == "descriptors":
		for more := true; more && err == nil; {
			more, err = descriptorsOnce(conn)
		}
	case network == "unix":
		err = echoStream(conn)
	default:
		err = echoPackets(conn)
	}
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		fail(err)
	}
}

func serve(network, address, mode string) {
	name := &net.UnixAddr{Name: address, Net: network}
	if network == "unixgram" {
		conn, err := net.ListenUnixgram(network, name)
		fail(err)
		go func() {
			for mode == "echo" {
				data, _, from, err := receive(conn)
				fail(err)
				fail(send(conn, data, nil, from))
			}
			for {
				_, err := descriptorsOnce(conn)
				fail(err)
			}
		}()
	} else {
		listener, err := net.ListenUnix(network, name)
		fail(err)
		go func() {
			for {
				conn, err := listener.AcceptUnix()
				fail(err)
				go serveConnection(conn, network, mode)
			}
		}()
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

// Clients

func dial(network, address, mode string, args []string) {
	to, local := &net.UnixAddr{Name: address, Net: network}, address+".client"
	var conn *net.UnixConn
	var err error
	if network == "unixgram" {
		// Not connected: WriteMsgUnix of Go 1.19 refuses to send on a connected datagram socket.
		conn, err = net.ListenUnixgram(network, &net.UnixAddr{Name: local, Net: network})
	} else {
		conn, err = net.DialUnix(network, nil, to)
		to = nil
	}
	fail(err)
	switch mode {
	case "give":
		give(conn, to, args[0])
	case "take":
		take(conn, to, args[0])
	default:
		var messages [][]byte
		for i, arg := range args {
			size, err := strconv.Atoi(arg)
			fail(err)
			messages = append(messages, pattern(size, i))
		}
		echo(conn, to, network, messages)
	}
	fail(conn.Close())
	if network == "unixgram" && address[0] != '@' {
		fail(os.Remove(local))
	}
	fmt.Println("ok")
}

func echo(conn *net.UnixConn, to *net.UnixAddr, network string, messages [][]byte) {
	if network == "unix" {
		answer := make(chan []byte)
		go func() {
			all, err := io.ReadAll(conn)
			fail(err)
			answer <- all
		}()
		sent := bytes.Join(messages, nil)
		for _, message := range messages {
			_, err := conn.Write(message)
			fail(err)
		}
		fail(conn.CloseWrite())
		expect("echo", <-answer, append(sent, fmt.Sprintf("end after %d", len(sent))...))
		return
	}
	for _, message := range messages {
		fail(send(conn, message, nil, to))
	}
	for _, message := range messages {
		data, _, _, err := receive(conn)
		fail(err)
		expect("echo", data, message)
	}
}

func give(conn *net.UnixConn, to *net.UnixAddr, path string) {
	file, err := os.Open(path)
	fail(err)
	fail(send(conn, []byte("read this"), file, to))
	fail(file.Close())
	wanted, err := os.ReadFile(path)
	fail(err)
	var answer []byte
	for len(answer) < len(wanted) {
		data, _, _, err := receive(conn)
		fail(err)
		if len(data) == 0 {
			break
		}
		answer = append(answer, data...)
	}
	expect("contents", answer, wanted)
}

func take(conn *net.UnixConn, to *net.UnixAddr, path string) {
	fail(send(conn, []byte(path), nil, to))
	data, files, _, err := receive(conn)
	fail(err)
	expect("answer", data, []byte("opened"))
	wanted, err := os.ReadFile(path)
	fail(err)
	expect("contents", contents(files), wanted)
}

func main() {
	role, network, address, mode := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	if role == "serve" {
		serve(network, address, mode)
	} else {
		dial(network, address, mode, os.Args[5:])
	}
}
