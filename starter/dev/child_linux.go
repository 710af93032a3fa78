package dev

import "syscall"

// endWithUs lets the kernel end the child when we are killed.
func endWithUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
