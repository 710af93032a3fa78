//go:build !linux

package dev

import "syscall"

// endWithUs does nothing: only Linux can end a child with its parent.
func endWithUs(*syscall.SysProcAttr) {}
