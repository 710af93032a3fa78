package main

// evidenceCmd is what people do with the originals that prove a case.
type evidenceCmd struct {
	Check evidenceCheckCmd `cmd:"" help:"预检一份凭证，不需要服务器。 · Pre-flight an original, without a server."`
}
