REBOL [
    Title: "Greeting"
    Date: 1-Mar-2023
]
Requirement {
    Identifier: "core"
}
name: ask "Your name? "
print ["Hello," name]
